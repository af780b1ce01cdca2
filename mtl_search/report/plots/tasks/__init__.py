"""Figures of what tasks do to each other."""
