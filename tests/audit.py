"""Ask the database of PyPI for known vulnerabilities of the versions in constraints.txt.

It fails for a vulnerability that `ACCEPTED` does not name. Where the database cannot be reached, it
says so and fails for nothing: `make lint` works without a network.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
# Vulnerability → why it does not matter here.
ACCEPTED: dict[str, str] = {}
_TIMEOUT_S = 300


def main() -> int:
    """Print the result; return the exit status."""
    # One package first: without the database, each of them would be waited for.
    if not _was_audited(_audit("requests", CONSTRAINTS)):
        sys.stdout.write("audit: skipped, the database cannot be reached\n")
        return 0
    found = new_findings(_audit("", CONSTRAINTS))
    sys.stdout.write(("\n".join(found) or "audit: no known vulnerability") + "\n")
    return 1 if found else 0


def new_findings(packages: list[dict[str, Any]]) -> list[str]:
    """Return a line for each vulnerability that is not accepted.

    Args:
        packages: What pip-audit says of each package.
    """
    return [
        f"audit: {package['name']} {package['version']}: {finding['id']}, "
        f"fixed in {', '.join(finding['fix_versions']) or 'no version'}"
        for package in packages
        for finding in package.get("vulns", [])
        if not {finding["id"], *finding.get("aliases", [])} & ACCEPTED.keys()
    ]


def _was_audited(packages: list[dict[str, Any]]) -> bool:
    return any("skip_reason" not in package for package in packages)


def _audit(only: str, constraints: Path) -> list[dict[str, Any]]:
    """Return what pip-audit says of each package, or of one; nothing where it cannot say it."""
    lines = [
        line
        for line in constraints.read_text(encoding="utf-8").splitlines()
        if line.partition("==")[0].strip() == only or not only
    ]
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "5", "-r", "/dev/stdin"]
    try:
        ended = subprocess.run(
            command,
            input="\n".join(lines),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        packages: list[dict[str, Any]] = json.loads(ended.stdout)["dependencies"]
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
        return []
    return packages


if __name__ == "__main__":
    sys.exit(main())
