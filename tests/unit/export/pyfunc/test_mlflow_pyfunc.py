from __future__ import annotations

import subprocess
import sys


def test_importing_it_warns_of_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", "import mtl_search.export.pyfunc.mlflow_pyfunc"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "type hint" not in done.stderr
