"""Whether torch and NCCL work on GPUs."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.jobs.doctor.gpus import check_gpus, wants_gpu
from tests.support import examinations
from tests.support.examinations import bad, config, only_bad

GOOD: dict[str, Any] = {
    "devices": 2, "cuda": "12.8", "names": ["H100", "H100"], "nccl": "2.27.3", "problem": ""
}  # fmt: skip
ASKED = {"resources.gpus_per_worker": 1, "resources.workers": 2}


def test_no_gpu_is_fine_where_none_is_asked_for() -> None:
    [finding] = check_gpus(examinations.alone())
    assert (finding.status, finding.value) == ("ok", "no GPU, none is asked for")
    assert not wants_gpu(None)
    assert wants_gpu(config(**{"training.device": "cuda"}))


def test_gpus_that_work_are_told_with_their_versions() -> None:
    seen = examinations.alone(examinations.facts(gpu=GOOD), config=config(**ASKED))
    [finding] = check_gpus(seen)
    assert (finding.status, finding.value) == ("ok", "2 × H100, CUDA 12.8, NCCL 2.27.3")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cuda": "", "names": [], "nccl": ""}, "built without CUDA"),
        ({"names": []}, "of which torch (CUDA 12.8) sees 0"),
        ({"problem": "RuntimeError: CUDA error"}, "RuntimeError: CUDA error"),
        ({"nccl": ""}, "NCCL missing"),
    ],
)
def test_gpus_that_do_not_work_fail_where_they_are_asked_for(
    changes: dict[str, Any], words: str
) -> None:
    here = examinations.facts(gpu={**GOOD, **changes})
    seen = examinations.alone(here, config=config(**ASKED))
    assert bad(check_gpus, seen) == [("fail", "here")]
    assert words in only_bad(check_gpus, seen).value
    if "nccl" not in changes or "cuda" in changes:
        assert bad(check_gpus, examinations.alone(here)) == [("warn", "here")]


def test_a_cluster_without_the_gpus_that_are_asked_for() -> None:
    seen = examinations.cluster(examinations.node(), config=config(**ASKED))
    assert bad(check_gpus, seen) == [("fail", "")]


def test_one_node_without_a_gpu_is_no_fault() -> None:
    seen = examinations.cluster(examinations.node(gpu=GOOD), config=config(**ASKED))
    assert bad(check_gpus, seen) == []
