"""`mtl-search predict`: rows of a file through a model, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mtl_search.api.consent import TrustCode
from mtl_search.cli.console import console
from mtl_search.cli.models.loading import load_named
from mtl_search.cli.models.writers import cell_text, writer
from mtl_search.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

    from mtl_search.export.batches import Progress as Report
    from mtl_search.export.model import Model

_SHOWN_ROWS = 10
_SHOWN_COLUMNS = 12


def predict_command(
    named: Path,
    rows: Path,
    output: Path | None,
    *,
    tasks: Sequence[str] | None,
    source: str | None,
    batch_size: int | None,
    names: Mapping[str, str | None],
    ensemble: bool,
    trust_code: TrustCode,
) -> None:
    """Write the predictions of a file's rows, or print the first ones.

    Args:
        named: The model, as of `load_named`.
        rows: The file or folder with the rows.
        output: The file to write; None: the first rows are printed.
        tasks: The tasks; None: all.
        source: The source that the rows are from.
        batch_size: The number of rows that are predicted at a time; None: by what they are.
        names: The options `trial` and `arm`.
        ensemble: Whether the networks of all seeds predict together.
        trust_code: Whether code of strangers may run.

    Raises:
        ConfigError: An option is wrong.
        DataError: The rows are not what training saw.
        SweepError: There is no such model.
    """
    if not rows.exists():
        raise DataError(f"there is no file or folder {rows}")
    if output is not None and output.exists() and output.samefile(rows):
        problem = "this is the file of the rows, which would be lost; name another one"
        raise ConfigError(problem, path="--output", value=str(output))
    write = None if output is None else writer(output)
    model = load_named(named, names, ensemble=ensemble, trust_code=trust_code)
    with _progress() as report:
        frames = model.predict_batches(
            rows, batch_size, tasks=tasks, source=source, progress=report
        )
        if write is None or output is None:
            first = next(frames)
            total = len(first) + sum(map(len, frames))
        else:
            with write(output) as add:
                total = sum(map(add, frames))
    if output is None:
        _print_first(model, first, total)
    else:
        _notes().print(f"{total:,} rows predicted: {output}", markup=False)


def _notes() -> Console:
    return Console(stderr=True, soft_wrap=True, highlight=False)


@contextmanager
def _progress() -> Iterator[Report]:
    """Show how many rows are done, on a terminal alone."""
    columns = (TextColumn("rows"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    notes = _notes()
    # Elsewhere it would print an empty line.
    hidden = not notes.is_terminal
    with Progress(*columns, console=notes, transient=True, disable=hidden) as progress:
        bar = progress.add_task("", total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _print_first(model: Model, frame: pd.DataFrame, total: int) -> None:
    """Print the first rows, and where there are many columns those of the tasks alone."""
    columns = [str(name) for name in frame.columns]
    if len(columns) > _SHOWN_COLUMNS:
        of_tasks = [name for name in columns if name in model.tasks]
        columns = (of_tasks or columns)[:_SHOWN_COLUMNS]
    table = Table(box=None, pad_edge=False)
    for name in ("row", *columns):
        table.add_column(name, overflow="fold")
    for row, values in frame.head(_SHOWN_ROWS)[columns].iterrows():
        table.add_row(str(row), *map(cell_text, values))
    console().print(table)
    hidden = len(frame.columns) - len(columns)
    notes = []
    if total > _SHOWN_ROWS:
        notes.append(f"{min(_SHOWN_ROWS, len(frame))} of {total:,} rows")
    if hidden:
        notes.append(f"{len(columns)} of {len(frame.columns)} columns")
    if notes:
        _notes().print(f"These are {' and '.join(notes)}: --output FILE writes all.", markup=False)
