"""Lines to copy: the Python that draws a view, and the commands that come next."""

from __future__ import annotations

import shlex
from pathlib import Path

from mtl_search.report.document import Document
from mtl_search.storage.binding.going_on import how_to_go_on


def python_lines(folder: Path, view: str, *, has_figure: bool) -> str:
    """Return the lines of Python that give a view's table, and its plot where it has one.

    Args:
        folder: The sweep's folder.
        view: The view's name.
        has_figure: Whether the view has a plot.

    Examples:
        >>> print(python_lines(Path("runs/faces"), "pareto", has_figure=True))
        import mtl_search
        <BLANKLINE>
        result = mtl_search.Result('runs/faces')
        result.plot('pareto').show()
        result.view('pareto').frame()
    """
    lines = ["import mtl_search", "", f"result = mtl_search.Result({str(folder)!r})"]
    if has_figure:
        lines.append(f"result.plot({view!r}).show()")
    lines.append(f"result.view({view!r}).frame()")
    return "\n".join(lines)


def next_commands(document: Document) -> list[tuple[str, str]]:
    """Return what one may do next: what it does, and its command."""
    record, config = document.evidence.record, document.evidence.config
    folder = shlex.quote(str(document.folder))
    commands = [
        ("Open the runs and their curves in MLflow", f"mtl-search ui {folder}"),
        ("Print this report in the terminal", f"mtl-search report {folder}"),
    ]
    is_population = any(trial.is_member for trial in record)  # which keeps its size
    if not record.complete:
        commands.insert(0, ("Go on with the sweep", how_to_go_on(record, document.folder)))
    elif not is_population:
        more = how_to_go_on(record, document.folder, 2 * config.search.trials)
        commands.append(("Search on, with more trials", more))
    return commands
