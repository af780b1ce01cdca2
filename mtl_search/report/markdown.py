"""A sweep's report as Markdown, for an issue, a pull request or a wiki."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from mtl_search.analysis.formats.stops import stop_text
from mtl_search.analysis.health import Check, health_checks
from mtl_search.analysis.views.view import View
from mtl_search.config import to_yaml
from mtl_search.report.cells import MOST_IN_CELL, shortened
from mtl_search.report.document import Document
from mtl_search.report.merged_columns import merged_columns

# Rows and columns of a table; what is longer nobody reads in an issue.
MOST_ROWS = 25
MOST_COLUMNS = 16

_MARKS = {True: "✓", False: "⚠", None: "–"}
# Characters that Markdown, or GitHub's kind of it, reads as marks anywhere in a line.
_SPECIAL = re.compile(r"([\\`*|~$]|\](?=[(\[:])|(?<![^\W_])_|_(?![^\W_]))")


def to_markdown(document: Document) -> str:
    """Return the whole report as Markdown with tables, as GitHub and GitLab show it.

    Long tables are cut, and say where all of their rows are.

    Args:
        document: The report.

    Examples:
        >>> from pathlib import Path
        >>> from mtl_search.analysis.evidence import Evidence
        >>> from mtl_search.config import load_config
        >>> from mtl_search.storage.journal import read_record
        >>> folder = Path("tests/fixtures/sweeps/v0_1_finished")
        >>> record = read_record(folder / "journal.jsonl")
        >>> evidence = Evidence.of(record, load_config(folder / "config.yaml"), folder)
        >>> to_markdown(Document(evidence, [], folder)).splitlines()[0]
        '# old: report of a sweep'
    """
    evidence = document.evidence
    record, verdict = evidence.record, evidence.verdict
    state = "finished" if record.complete else "not finished"
    checks = health_checks(evidence)
    answer, *details = verdict.sentences()
    parts = [
        f"# {escaped(evidence.config.name)}: report of a sweep",
        " ".join([f"**{escaped(answer)}**", *map(escaped, details)]),
        f"Sweep `{record.id}`, {len(record.trials):,} trials, {state}.",
        "" if record.stop is None else escaped(stop_text(record.stop)),
        "## Health checks",
        health_list(checks),
    ]
    for view in document.views:
        parts += [f"## {escaped(view.title)}", *view_parts(view)]
    config = f"```yaml\n{to_yaml(evidence.config).rstrip()}\n```"
    parts += ["<details><summary>Config of the sweep</summary>", config, "</details>"]
    return "\n\n".join(part for part in parts if part) + "\n"


def view_parts(view: View) -> list[str]:
    """Return summary, table and note of a view as blocks of Markdown, without its title.

    Args:
        view: The view.
    """
    note = f"<sub>{escaped(view.note)}</sub>" if view.note else ""
    return [escaped(view.summary), view_table(view), *_cuts(view), note]


def health_list(checks: Iterable[Check]) -> str:
    """Return the answers of health checks as a list, warnings first.

    Args:
        checks: The answers.
    """
    ordered = sorted(checks, key=lambda check: check.ok is not False)
    return "\n".join(
        f"- {_MARKS[check.ok]} **{escaped(check.name)}**: {escaped(check.text)}"
        for check in ordered
    )


def view_table(view: View) -> str:
    """Return the first rows of a view as a table; nothing where it has none.

    Args:
        view: The view.
    """
    if not view.rows:
        return ""
    columns = merged_columns(replace(view, rows=view.rows[:MOST_ROWS]))[:MOST_COLUMNS]
    rows = list(zip(*(map(shortened, column.cells) for column in columns), strict=True))
    titles = [column.title for column in columns]
    return table(titles, rows, [column.is_numeric for column in columns])


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    r"""Return a table of GitHub's Markdown.

    Args:
        titles: Title of each column.
        rows: The cells, as texts that are escaped here.
        right: Whether each column is aligned to the right.

    Examples:
        >>> print(table(["arm", "skill"], [["a|b", "0.9"]], [False, True]))
        | arm | skill |
        | --- | ---: |
        | a\|b | 0.9 |
    """
    rule = ["---:" if is_right else "---" for is_right in right]
    lines = [map(escaped, titles), rule, *(map(escaped, row) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def escaped(text: str) -> str:
    r"""Return a text that Markdown shows as it is, in one line.

    Args:
        text: Any text.

    Examples:
        >>> escaped("a|b <i>\n`c` delta_m *")
        'a\\|b &lt;i> \\`c\\` delta_m \\*'
    """
    line = " ".join(text.split())
    return _SPECIAL.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;"))


def _cuts(view: View) -> list[str]:
    """Say what the table leaves out, and where it is."""
    cuts = []
    if len(view.rows) > MOST_ROWS:
        cuts.append(f"the first {MOST_ROWS} of {len(view.rows):,} rows")
    columns = merged_columns(replace(view, rows=view.rows[:MOST_ROWS]))
    if len(columns) > MOST_COLUMNS:
        cuts.append(f"the first {MOST_COLUMNS} of {len(columns):,} columns")
    if any(len(text) > MOST_IN_CELL for column in columns[:MOST_COLUMNS] for text in column.cells):
        cuts.append(f"the first {MOST_IN_CELL - 1} characters of cells that end in …")
    if not cuts:
        return []
    where = f"all are under `views`, `{view.name}` in the report as JSON (`--format json`)"
    return [f"*Shown are {' and '.join(cuts)}; {where}.*"]
