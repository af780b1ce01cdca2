"""Whether the cluster is reached, and its nodes answer."""

from __future__ import annotations

from mtl_search.jobs.doctor.connection import check_connection
from mtl_search.jobs.doctor.examination import NodeReport, Trouble
from tests.support import examinations
from tests.support.examinations import bad, only_bad


def test_a_machine_alone_has_no_connection() -> None:
    assert not list(check_connection(examinations.alone()))


def test_a_healthy_cluster_says_how_many_nodes_answer() -> None:
    seen = examinations.cluster(examinations.node(), gone=2)
    assert bad(check_connection, seen) == []
    assert list(check_connection(seen))[1].value == "2 of 2 answer; 2 more have left the cluster"


def test_trouble_is_passed_on() -> None:
    seen = examinations.alone(address="10.0.0.9:6379", trouble=Trouble("nobody there", "ray start"))
    assert only_bad(check_connection, seen).cure == "ray start"


def test_a_silent_node_is_named_with_a_command_that_starts_it_again() -> None:
    seen = examinations.cluster(NodeReport("10.0.0.3 (lost)", problem="no answer"))
    finding = only_bad(check_connection, seen)
    assert (finding.status, finding.node) == ("fail", "10.0.0.3 (lost)")
    assert finding.cure.startswith("ssh 10.0.0.3 'ray stop")
    assert finding.cure.endswith("--address=10.0.0.1:6379'")
