"""The parts of `tests.benchmarks.startup`."""
