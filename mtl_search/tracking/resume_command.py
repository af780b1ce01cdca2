"""The command that goes on with a sweep, for what is said about events that MLflow has not got."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

# A submitted job has the command in it; the stored config of a sweep would not do, since it has no
# passwords and may name paths of another machine.
VARIABLE = "MTL_SEARCH_RESUME_COMMAND"
_given: ContextVar[str] = ContextVar("resume command", default="")


@contextmanager
def resumed_by(command: str) -> Iterator[None]:
    """Name the command that goes on with the sweep which runs inside.

    Args:
        command: The command, as a user types it.
    """
    token = _given.set(command)
    try:
        yield
    finally:
        _given.reset(token)


def resume_command(sweep_dir: Path, parts: Iterable[str] = ()) -> str:
    """Return the command that goes on with a sweep: that of the job, else the one given, else code.

    Args:
        sweep_dir: The sweep's folder.
        parts: Names of the parts that were given in Python, such as `data`.

    Examples:
        >>> with resumed_by("mtl-search run toy.yaml --resume"):
        ...     resume_command(Path("runs/toy"))
        'mtl-search run toy.yaml --resume'
        >>> resume_command(Path("runs/toy"))
        "mtl_search.run(config, output='runs/toy', resume=True)"
        >>> resume_command(Path("runs/toy"), ["data"])
        "mtl_search.run(config, output='runs/toy', resume=True, data=data)"
    """
    given = "".join(f", {part}={part}" for part in parts)
    in_python = f"mtl_search.run(config, output={str(sweep_dir)!r}, resume=True{given})"
    return os.environ.get(VARIABLE) or _given.get() or in_python


def command_to_send(sweep_dir: Path) -> str:
    """Return the command that sends what MLflow has not got; a job is submitted again for it.

    Args:
        sweep_dir: The sweep's folder.

    Examples:
        >>> command_to_send(Path("runs/toy"))
        'mtl-search sync runs/toy'
    """
    return os.environ.get(VARIABLE) or f"mtl-search sync {shlex.quote(str(sweep_dir))}"
