"""The command line: run, submit, jobs, validate, doctor, report, export-weights, list, ..."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `mtl-search`; a user's mistake ends in one message and never in a traceback."""
    from mtl_search.cli.encoding import write_anything

    write_anything()
    from mtl_search.cli.app import app
    from mtl_search.cli.errors import FAILED, masked_traceback, print_error

    try:
        app(standalone_mode=True)
    except Exception as error:  # noqa: BLE001  # each becomes a message and a status
        if "--debug" in sys.argv:
            sys.stderr.write(masked_traceback(error))
            sys.exit(FAILED)
        sys.exit(print_error(error))
