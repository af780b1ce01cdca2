"""What a shell offers for a half-written word: configs, sweeps and trials that are there.

Nothing is imported for it that `--help` does not import, and a journal is read no further than to
the names of its trials.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import typer

from mtl_search.storage.sweep_directory import JOURNAL

# Where sweeps are found by their names.
_RUNS = Path("runs")
_ENDINGS = (".yaml", ".yml")
_TRIAL = '{"event": "trial"'
# The arguments of commands that name a sweep.
_SWEEP_NAMES = ("sweep", "model")


def configs(incomplete: str) -> list[str]:
    """Return YAML files and folders whose path begins so.

    Args:
        incomplete: What has been typed.
    """
    paths = _beginning_with(incomplete)
    return sorted(
        _shown(path) for path in paths if path.is_dir() or path.suffix in (".yaml", ".yml")
    )


def sweeps(incomplete: str) -> list[str]:
    """Return the names of sweeps in `runs`, and folders with or of sweeps, that begin so.

    Args:
        incomplete: What has been typed.
    """
    names = {path.parent.name for path in _RUNS.glob(f"*/{JOURNAL}")}
    found = {name for name in names if name.startswith(incomplete)}
    found |= {_shown(path) for path in _beginning_with(incomplete) if path.is_dir()}
    return sorted(found)


def trials(context: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of trials that begin so, of the sweep that the command line has named.

    Args:
        context: The command line so far.
        incomplete: What has been typed.
    """
    # An option that still lacks its value leaves all words of the command line unread.
    given = [context.params.get(name) for name in _SWEEP_NAMES]
    words = [word for word in context.args if not word.startswith("-")]
    named = next((word for word in (*given, *words) if word), None)
    if named is None:
        return []
    journals = (Path(named) / JOURNAL, _RUNS / named / JOURNAL)
    journal = next((path for path in journals if path.is_file()), None)
    if journal is None:
        return []
    return [trial for trial in _trials(journal) if trial.startswith(incomplete)]


def _trials(journal: Path) -> Iterator[str]:
    """Yield the ids of a journal's trials; a line that is cut off has none."""
    with journal.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith(_TRIAL) and line.endswith("}\n"):
                yield str(json.loads(line)["id"])


def _beginning_with(incomplete: str) -> Iterator[Path]:
    """Yield what lies where the typed path ends, if its name begins as typed."""
    folder, _, start = incomplete.rpartition("/")
    place = Path(folder or ("/" if incomplete.startswith("/") else "."))
    try:
        for path in place.iterdir():
            if path.name.startswith(start) and (start or not path.name.startswith(".")):
                yield path
    except OSError:  # no such folder, or no right to read it
        return


def _shown(path: Path) -> str:
    return f"{path}/" if path.is_dir() else str(path)
