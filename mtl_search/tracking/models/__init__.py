"""Logged models and their versions in MLflow's registry."""
