"""Sections of the config that have a module of their own."""
