"""Jobs: sweeps that are submitted to a Ray cluster from another machine, and looked after there.

The modules that talk to a cluster import Ray when they are called, not when they are imported.
"""
