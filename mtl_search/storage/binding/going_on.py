"""How to go on with a sweep: a command, or Python where parts of it were given in Python."""

from __future__ import annotations

import shlex
from pathlib import Path

from mtl_search.storage.records import SweepRecord
from mtl_search.storage.sweep_directory import CONFIG


def how_to_go_on(record: SweepRecord, folder: Path, trials: int | None = None) -> str:
    """Return the line that resumes or extends a sweep.

    Args:
        record: The sweep.
        folder: Its folder.
        trials: The new `search.trials`; None: those of the sweep.

    Examples:
        >>> how_to_go_on(SweepRecord(), Path("runs/toy"), trials=40)
        'mtl-search run runs/toy/config.yaml --output runs/toy --resume search.trials=40'
        >>> how_to_go_on(SweepRecord(handed_over=("data",)), Path("runs/toy"))
        "mtl_search.run('runs/toy/config.yaml', output='runs/toy', resume=True, data=data)"
    """
    change = "" if trials is None else f"search.trials={trials}"
    if not record.handed_over:
        name = shlex.quote(str(folder))
        command = f"mtl-search run {name}/{CONFIG} --output {name} --resume"
        return f"{command} {change}".rstrip()
    arguments = [repr(str(folder / CONFIG)), *([f"[{change!r}]"] if change else [])]
    arguments += [f"output={str(folder)!r}", "resume=True"]
    arguments += [f"{part}={part}" for part in record.handed_over]
    return f"mtl_search.run({', '.join(arguments)})"
