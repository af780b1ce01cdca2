"""`python -m mtl_search` is the command line."""

from __future__ import annotations

import subprocess
import sys

from mtl_search import __version__


def test_the_package_can_be_run() -> None:
    program = [sys.executable, "-m", "mtl_search"]
    done = subprocess.run([*program, "--version"], check=True, capture_output=True, text=True)
    assert done.stdout == f"mtl-search {__version__}\n"
    wrong = subprocess.run([*program, "lst"], check=False, capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "Usage: python -m mtl_search" in wrong.stderr
