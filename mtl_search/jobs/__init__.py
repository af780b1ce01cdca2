"""Sweeps on clusters: Ray jobs, the scripts of Slurm, and the manifests of KubeRay."""
