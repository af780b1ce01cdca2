"""The comparison of several sweeps as Markdown."""

from __future__ import annotations

from mtl_search.report.markdown import escaped, view_parts
from mtl_search.report.sweeps.document import SweepsDocument


def sweeps_to_markdown(document: SweepsDocument) -> str:
    """Return the whole comparison as Markdown with tables, as GitHub and GitLab show it.

    Args:
        document: The comparison.
    """
    parts = [f"# {escaped(document.title)}", *_answer(document), "## What stands against it"]
    cautions = [
        f"- **{escaped(c.name)}**: {escaped(c.seen)}. *So {escaped(c.so)}.*"
        for c in document.cautions
    ]
    parts.append("\n".join(cautions) or "Nothing stands against comparing them.")
    for view in document.views:
        parts += [f"## {escaped(view.title)}", *view_parts(view)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _answer(document: SweepsDocument) -> list[str]:
    """Return how the networks compare, and the verdict of each sweep in its own words."""
    networks = document.view("networks")
    assert networks is not None
    return [
        f"**{escaped(networks.summary)}**",
        *(
            f"**{escaped(sweep.label)}**: {escaped(sweep.evidence.verdict.sentence())}"
            for sweep in document.sweeps
        ),
    ]
