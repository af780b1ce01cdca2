"""What the user's samplers, schedulers and objectives do when tried, before anything trains."""
