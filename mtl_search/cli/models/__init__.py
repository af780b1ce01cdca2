"""Commands that use trained networks."""
