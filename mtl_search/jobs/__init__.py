"""Sweeps on clusters: Ray jobs, scripts of Slurm, manifests of KubeRay, and the doctor.

The modules that talk to a cluster import Ray when they are called, not when they are imported.
"""
