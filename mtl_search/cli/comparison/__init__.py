"""The commands that show and compare sweeps."""
