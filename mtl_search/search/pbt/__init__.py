"""Population based training: the algorithm, and its run over the trials of a sweep."""
