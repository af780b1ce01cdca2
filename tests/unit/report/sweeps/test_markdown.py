"""The comparison as Markdown."""

from __future__ import annotations

from mtl_search.report.markdown import escaped
from mtl_search.report.sweeps.document import SweepsDocument
from mtl_search.report.sweeps.markdown import sweeps_to_markdown


def test_it_has_answer_cautions_verdicts_and_tables(document: SweepsDocument) -> None:
    text = sweeps_to_markdown(document)
    lines = text.splitlines()
    assert lines[0] == "# one and two"
    networks = document.view("networks")
    assert networks is not None
    assert lines[2] == f"**{escaped(networks.summary)}**"
    for sweep in document.sweeps:
        assert f"**{sweep.label}**: {escaped(sweep.evidence.verdict.sentence())}" in lines
    for caution in document.cautions:
        assert f"*So {escaped(caution.so)}.*" in text
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert headings[1:] == [view.title for view in document.views]


def test_without_cautions_it_says_so(document: SweepsDocument) -> None:
    text = sweeps_to_markdown(SweepsDocument(document.sweeps, [], document.views))
    assert "Nothing stands against comparing them." in text
