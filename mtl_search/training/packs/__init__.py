"""Packs: several trials of one shape that are trained as one batched program.

Most networks of a search are small: what costs is Python and the launch of kernels. The members of
a pack run the same layers with one more dimension, the member's.

B members, P numbers in the parameters of one of them, N samples of a batch, T tasks
"""
