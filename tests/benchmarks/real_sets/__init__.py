"""The parts of `tests.benchmarks.real_cases`: data, cases, sweep, the old rule and tables."""
