"""Training of one trial: the loop, its losses and metrics, its checkpoints, and its workers."""
