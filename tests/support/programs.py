"""Programs that come with the development tools, beside the Python that runs the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def tool(name: str, *arguments: object, cwd: Path | None = None) -> tuple[int, str]:
    """Run one; returns its exit status and what it printed."""
    program = Path(sys.executable).with_name(name)
    done = subprocess.run(
        [program, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
