"""The defaults, which the files in docker/kubernetes agree with; refusals are in `test_kuberay`."""

from __future__ import annotations

from mtl_search import __version__
from mtl_search.jobs.kuberay_options import KubeRayOptions


def test_the_defaults_are_those_of_the_shipped_image_and_secret() -> None:
    options = KubeRayOptions()
    assert options.image == f"mtl-search:{__version__}"
    assert options.token_secret == "ray-token"
    assert options.min_workers == 0
