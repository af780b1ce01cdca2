"""The parts of `tests.benchmarks.search_quality`."""
