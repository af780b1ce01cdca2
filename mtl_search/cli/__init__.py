"""The command line: run, submit, jobs, validate, doctor, report, export-weights, list, ..."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `mtl-search`; a user's mistake ends in one message and never in a traceback."""
    from mtl_search.cli.app import app
    from mtl_search.cli.errors import print_error

    try:
        app(standalone_mode=True)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        sys.exit(print_error(error))
