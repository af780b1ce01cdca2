"""`mtl-search train`: the chosen configuration again, on all rows but those of the test split."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mtl_search.api.consent import TrustCode, read_config
from mtl_search.api.refitting import TrainProgress, model_folder
from mtl_search.api.refitting import train as train_model
from mtl_search.cli.console import console
from mtl_search.cli.options import check_form
from mtl_search.cli.reporting import find_sweep

if TYPE_CHECKING:
    from mtl_search.export import Model


def train_command(
    config: Path,
    overrides: Sequence[str],
    sweep: Path,
    *,
    trial: str | None,
    output: Path | None,
    seed: int | None,
    form: str,
    trust_code: TrustCode,
) -> None:
    """Train a model, and print its metrics on the test split.

    Args:
        config: The sweep's config.
        overrides: Changes to it.
        sweep: The sweep, as the command line names it.
        trial: The id of a trial; None: what the verdict recommends.
        output: The folder of the model; None: a new one in `models/`.
        seed: The random seed; None: that of the config.
        form: `table` or `json`.
        trust_code: Whether code of strangers may run.

    Raises:
        ConfigError: Something in the config is wrong, or is not that of the sweep.
        SweepError: There is no such sweep or trial.
    """
    check_form(form)
    parsed = read_config(config, overrides, trust_code)
    folder = output or model_folder(parsed.name)
    with _progress() as report:
        model = train_model(
            parsed,
            find_sweep(sweep),
            trial=trial,
            output=folder,
            seed=seed,
            progress=report,
            trust_code=trust_code,
        )
    if form == "json":
        tree = {"model": str(folder), "tasks": list(model.tasks), **model.info}
        print(json.dumps(tree, indent=1))  # noqa: T201
    else:
        _print(model, folder)


@contextmanager
def _progress() -> Iterator[TrainProgress]:
    """Show the epochs of each network, on a terminal alone."""
    notes = Console(stderr=True, soft_wrap=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = not notes.is_terminal
    progress = Progress(
        *columns, TimeElapsedColumn(), console=notes, transient=True, disable=hidden
    )
    with progress:
        bars = {}

        def report(tasks: tuple[str, ...], done: int, total: int) -> None:
            if tasks not in bars:
                bars[tasks] = progress.add_task(f"epochs of {', '.join(tasks)}", total=total)
            progress.update(bars[tasks], completed=done)

        yield report


def _print(model: Model, folder: Path) -> None:
    epochs = model.info["trained"]["epochs"]
    table = Table(box=None, pad_edge=False)
    table.add_column("test metric")
    table.add_column("value", justify="right")
    for name, value in model.info["metrics"].items():
        table.add_row(name.removeprefix("test/"), f"{value['mean']:.4f}")
    console().print(table)
    trained = ", ".join(f"{trial} for {count} epochs" for trial, count in epochs.items())
    lines = [f"Trained {trained}: {model.info['reason']}.", f"Model: {folder}"]
    for line in lines:
        console().print(line, markup=False, soft_wrap=True, highlight=False)
