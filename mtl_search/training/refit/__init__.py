"""A last training of settings that a search has found, on more rows and without validation."""
