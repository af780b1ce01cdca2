"""Training of one trial: the loop, its metrics and objective, its checkpoints, and the slot it runs in."""
