"""Metrics by name, and the objective that is made of them."""
