"""The doctor: whether a sweep can run on this machine or on a cluster, and what to do if not."""
