"""The command line: run, submit, jobs, validate, doctor, report, export-weights, list, ..."""

from __future__ import annotations

import atexit
import gc
import os
import sys


def with_home(argument: str) -> str:
    """Return an argument with the home folder for `~`: shells leave `--output=~/x` as it is.

    Examples:
        >>> with_home("--quiet"), with_home("data.path=~user/x.csv")
        ('--quiet', 'data.path=~user/x.csv')
        >>> with_home("--output=~/x") == f"--output={os.path.expanduser('~/x')}"
        True
    """
    name, equals, value = argument.partition("=")
    if name.startswith("~/"):
        return os.path.expanduser(argument)  # noqa: PTH111  # a `Path` would change other texts
    if equals and value.startswith("~/"):
        return f"{name}={os.path.expanduser(value)}"  # noqa: PTH111
    return argument


def main() -> None:
    """Run `mtl-search`; a user's mistake ends in one message and never in a traceback."""
    from mtl_search.cli.encoding import write_anything

    write_anything()
    # At its end Python collects garbage several times, which takes 2 s after a sweep and frees what
    # the end of the process frees in any case.
    atexit.register(gc.freeze)
    from mtl_search.cli.app import app
    from mtl_search.cli.errors import FAILED, masked_traceback, print_error

    sys.argv[1:] = [with_home(argument) for argument in sys.argv[1:]]
    try:
        app(standalone_mode=True)
    except Exception as error:  # noqa: BLE001  # each becomes a message and a status
        if "--debug" in sys.argv:
            sys.stderr.write(masked_traceback(error))
            sys.exit(FAILED)
        sys.exit(print_error(error))
