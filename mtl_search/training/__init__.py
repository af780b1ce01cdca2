"""Training of one trial: the loop, its metrics and objective, its checkpoints, its slot."""
