"""Which trials of a sweep are trained together, as one batched program."""
