"""Families: one line of a config for many tasks or targets, whose names a pattern matches."""
