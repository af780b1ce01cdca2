"""Checks of a sweep's data and network before anything trains."""
