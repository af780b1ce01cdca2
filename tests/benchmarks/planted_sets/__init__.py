"""The parts of `tests.benchmarks.planted`: data of known truth, engine, protocol and table."""
