"""Commands that show what sweeps have found."""
