"""What the driver writes reaches the process of a pack, through a real Ray."""

from __future__ import annotations

import pytest
import ray

from mtl_search.training.workers import stops

pytestmark = pytest.mark.usefixtures("ray_cluster")


def test_another_process_reads_what_was_written_last() -> None:
    read = ray.remote(num_cpus=0)(stops.read)
    assert ray.get(read.remote("sweep/a")) == []
    stops.write("sweep/a", {"search-0003"})
    stops.write("sweep/a", {"search-0003", "equal-0001"})
    stops.write("sweep/b", ["search-0009"])
    told = ray.get([read.remote("sweep/a"), read.remote("sweep/b")])
    assert told == [["equal-0001", "search-0003"], ["search-0009"]]
    stops.forget("sweep/a")
    assert ray.get([read.remote("sweep/a"), read.remote("sweep/b")]) == [[], ["search-0009"]]
    stops.forget("sweep/b")
    stops.forget("sweep/b")  # a pack may end twice
    assert stops.read("sweep/b") == []
