"""Models: a backbone cut into stages, shared by the tasks to a depth, then one head a task."""
