"""Models: a backbone in stages, shared by the tasks to a depth, then a head for each task."""
