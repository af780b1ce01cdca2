"""Does MLflow answer this machine, from which alone a sweep writes to it?"""

from __future__ import annotations

import os
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from mtl_search.config.secrets import masked, usable
from mtl_search.errors import ConfigError, MtlSearchError, SweepError, first_line
from mtl_search.jobs.doctor.examination import HERE, Examination
from mtl_search.jobs.doctor.finding import Finding
from mtl_search.tracking import links
from mtl_search.tracking.address import SQLITE, sqlite_path, sqlite_uri
from mtl_search.tracking.reading import count_experiments

CHECK = "mlflow"
_TIMEOUT_S = 30.0
LOCAL = ("127.0.0.1", "localhost", "::1")


def check_store(seen: Examination) -> Iterator[Finding]:
    """Open the store of the config and read from it."""
    config = seen.config
    if config is not None and not config.tracking.enabled:
        yield Finding(CHECK, "ok", "not used: tracking.enabled is false", node=HERE)
        return
    named = config.tracking.uri if config is not None else None
    uri = named or os.environ.get("MLFLOW_TRACKING_URI")
    if not uri:
        uri = sqlite_uri(seen.output.absolute() / "mlflow.db")
    elif uri.startswith(SQLITE):
        uri = sqlite_uri(sqlite_path(uri).absolute())
    try:
        text = _read(uri, links.artifact_folder(uri, seen.output / "sweep"))
    except MtlSearchError as error:
        cure = _cure(seen, uri, wrong=isinstance(error, ConfigError))
        yield Finding(CHECK, "fail", first_line(error), cure, HERE)
        return
    yield Finding(CHECK, "ok", f"{masked(uri)}: {text}", node=HERE)


def _read(uri: str, artifacts: Path) -> str:
    """Read from a store, with a time limit: a server may take a request and never answer."""
    answers: list[str | MtlSearchError] = []

    def read() -> None:
        try:
            answers.append(count_experiments(uri, artifacts))
        except MtlSearchError as error:
            answers.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(_TIMEOUT_S)
    if not answers:
        raise SweepError(f"MLflow at {masked(uri)} does not answer within {_TIMEOUT_S:g} s")
    if isinstance(answers[0], MtlSearchError):
        raise answers[0]
    return answers[0]


def _cure(seen: Examination, uri: str, *, wrong: bool) -> str:
    parts = urlsplit(uri)
    if not wrong and parts.scheme == "http" and parts.hostname in LOCAL:
        return (
            f"{shlex.quote(sys.executable)} -m mlflow server --host {parts.hostname} "
            f"--port {parts.port or 80} --backend-store-uri sqlite:///mlflow.db"
        )
    if not wrong and parts.scheme in ("http", "https"):
        place = usable(masked(uri)).partition("?")[0].rstrip("/")
        return f"curl -sS {shlex.quote(f'{place}/health')}"
    if uri.startswith(SQLITE):
        return seen.command(f"tracking.uri={SQLITE}$HOME/mlflow.db")
    return seen.command("tracking.uri=http://HOST:5000")
