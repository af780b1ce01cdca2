#!/usr/bin/env bash
# Run the quick tests on the oldest and the newest Python and dependencies, each in an environment of its own.
#   oldest   Python 3.10 with tests/constraints-oldest.txt
#   newest   Python 3.13 with the newest releases that pyproject.toml admits
# An environment takes some 5 GB: PyPI's torch for Linux is a CUDA build. A Python that is missing is skipped with a line.
set -euo pipefail
cd "$(dirname "$0")/.."

run() {
  local name=$1 python=$2 environment=".venv-$1"
  shift 2
  if ! "$python" --version >/dev/null 2>&1; then
    echo "$name: skipped, there is no $python here"
    return
  fi
  echo "$name: $("$python" --version), installing into $environment"
  [ -x "$environment/bin/pip" ] || "$python" -m venv "$environment"
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -e '.[dev]' "$@"
  "$environment/bin/pytest" -n 2 -W default -m "not integration and not slow and not large" tests/unit
}

run oldest "${OLDEST_PYTHON:-python3.10}" -c tests/constraints-oldest.txt
run newest "${NEWEST_PYTHON:-python3.13}"
