"""What a check answers."""

from __future__ import annotations

from mtl_search.jobs.doctor.finding import Finding, worst


def test_one_failure_outweighs_all_else() -> None:
    assert worst([]) == "ok"
    assert worst([Finding("a", "fail", "x"), Finding("b", "warn", "y")]) == "fail"


def test_the_json_report_has_all_fields() -> None:
    finding = Finding("disk", "warn", "1 MiB free", "du", "10.0.0.2")
    assert Finding(**finding.to_json()) == finding  # type: ignore[arg-type]
