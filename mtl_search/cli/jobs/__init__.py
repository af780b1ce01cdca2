"""The commands about jobs on a cluster: `mtl-search submit` and `mtl-search jobs`."""
