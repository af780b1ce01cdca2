"""Whether a store answers, without writing to it."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from mtl_search.tracking import client
from mtl_search.tracking.address import SQLITE, check_store, sqlite_path, unreachable


def count_experiments(uri: str, artifacts: Path) -> str:
    """Open a store, read the names of its experiments, and say what is there.

    An SQLite database that does not exist is not made.

    Args:
        uri: The tracking URI; a path of SQLite is absolute.
        artifacts: The folder of artifacts; ignored for a server.

    Raises:
        ConfigError: This is no address of a store.
        SweepError: The store cannot be reached, read or written.

    Examples:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> count_experiments(f"sqlite:///{folder / 'mlflow.db'}", folder)
        'the first sweep makes it'
    """
    if uri.startswith(SQLITE) and not sqlite_path(uri).exists():
        folder = sqlite_path(uri).parent
        while not folder.exists():
            folder = folder.parent
        with suppress(OSError), tempfile.TemporaryFile(dir=folder):
            return "the first sweep makes it"
    check_store(uri, artifacts)
    client.prepare()
    try:
        experiments = client.connect(uri).search_experiments(max_results=1000)
    except Exception as error:  # MLflow wraps what its stores raise, but not all of it
        raise unreachable(uri, error) from error
    return f"{len(experiments)} experiments read"
