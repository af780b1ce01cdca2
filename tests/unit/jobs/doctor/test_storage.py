"""The write tests of the sweeps' folder and of the storage."""

from __future__ import annotations

import pytest

from mtl_search.jobs.doctor.storage import check_storage
from tests.support import examinations
from tests.support.examinations import bad, config, only_bad


def test_what_every_node_writes_is_fine() -> None:
    seen = examinations.cluster(examinations.node())
    assert bad(check_storage, seen) == []
    assert [f.node for f in check_storage(seen)] == [
        "here", "10.0.0.1 (head)", "10.0.0.2 (worker)"
    ]  # fmt: skip


def test_a_folder_that_a_node_does_not_see_needs_a_storage() -> None:
    blind = examinations.node(folder="another folder, or none")
    assert bad(check_storage, examinations.cluster(blind)) == [("warn", "10.0.0.2")]
    seen = examinations.cluster(blind, config=config())
    assert bad(check_storage, seen) == [("fail", "10.0.0.2")]
    assert "resources.storage=" in only_bad(check_storage, seen).cure


def test_with_a_storage_the_folder_need_not_be_seen() -> None:
    blind = examinations.node(folder="another folder, or none")
    seen = examinations.cluster(blind, config=config(**{"resources.storage": "/shared"}))
    assert bad(check_storage, seen) == []


@pytest.mark.parametrize(
    ("problem", "cure"),
    [
        ("[errno 30] Read-only file system", "ssh 10.0.0.2 sudo mount -o remount,rw /shared"),
        ("[errno 13] Permission denied", "ssh 10.0.0.2 sudo chmod 1777 /shared"),
        ("another folder, or none", "mtl-search run CONFIG resources.storage="),
    ],
)
def test_a_storage_that_one_node_cannot_write(problem: str, cure: str) -> None:
    parsed = config(**{"resources.storage": "/shared"})
    seen = examinations.cluster(examinations.node(storage=problem), config=parsed)
    finding = only_bad(check_storage, seen)
    assert (finding.status, finding.node) == ("fail", "10.0.0.2 (worker)")
    assert problem in finding.value
    assert finding.cure.startswith(cure)


def test_a_failure_here_is_not_repeated_for_every_node() -> None:
    uri = "s3://me:hunter-two@bucket/x?secret_key=hunter-two"
    parsed = config(**{"resources.storage": uri})
    here = examinations.facts(storage=f"cannot parse {uri}")
    seen = examinations.cluster(examinations.node(), config=parsed)
    seen = examinations.alone(here, nodes=seen.nodes, address="a:1", config=parsed)
    assert bad(check_storage, seen) == [("fail", "here")]
    shown = "s3://me:***@bucket/x?secret_key=***"
    finding = only_bad(check_storage, seen)
    assert finding.value == f"resources.storage {shown}: cannot parse {shown}"


def test_a_folder_here_that_cannot_be_written() -> None:
    here = examinations.facts(folder="not writable (Permission denied)")
    assert "--output" in only_bad(check_storage, examinations.alone(here)).cure
