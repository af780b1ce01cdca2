"""`mtl-search serve`: MLflow's server on a model, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from mtl_search.api.consent import TrustCode
from mtl_search.cli.console import console
from mtl_search.cli.http_server import (
    check_port,
    ended_by_signals,
    local_address,
    wait_until_it_answers,
)
from mtl_search.cli.models.loading import load_named, refuse_names

if TYPE_CHECKING:
    from mtl_search.export.model import Model

_LONGEST_EXAMPLE = 2000


def serve_command(
    named: str,
    host: str,
    port: int,
    workers: int,
    *,
    names: Mapping[str, str | None],
    ensemble: bool,
    trust_code: TrustCode,
) -> int:
    """Serve a model until it is ended.

    Args:
        named: The model, as the command line names it.
        host: The address to listen on.
        port: Its port.
        workers: The number of processes that answer.
        names: The options `trial` and `arm`.
        ensemble: Whether the networks of all seeds predict together.
        trust_code: Whether code of strangers may run.

    Returns:
        The exit status.

    Raises:
        ConfigError: An option is wrong.
        SweepError: There is no such model, or the port is taken.
    """
    check_port(host, port)
    prefix = "mtl-search-serve-"
    try:
        # The server puts its own handlers in their place while it runs, then raises signals again.
        with ended_by_signals(), tempfile.TemporaryDirectory(prefix=prefix) as temporary:
            model = _load(named, names, Path(temporary), ensemble=ensemble, trust_code=trust_code)
            folder = Path(temporary) / "served"
            model.save(folder)
            # The user has consented to this model's code, or it names none.
            served = {"folder": str(folder), "trust_code": True}
            _run(model, served, host, port, workers)
    except KeyboardInterrupt:
        pass
    return 0


def _load(
    named: str,
    names: Mapping[str, str | None],
    temporary: Path,
    *,
    ensemble: bool,
    trust_code: TrustCode,
) -> Model:
    """Load a model by its folder, its sweep, or its address in MLflow."""
    from mtl_search.export.pyfunc.download import download, is_address

    if not is_address(named):
        return load_named(Path(named), names, ensemble=ensemble, trust_code=trust_code)
    from mtl_search.export import Model

    refuse_names(named, names, ensemble=ensemble)
    return Model.load(download(named, temporary), trust_code=trust_code)


def _run(model: Model, served: Mapping[str, Any], host: str, port: int, workers: int) -> None:
    import uvicorn

    from mtl_search.export.pyfunc.server import VARIABLE

    os.environ[VARIABLE] = json.dumps(served)
    announcer = threading.Thread(target=_announce, args=(model, host, port), daemon=True)
    announcer.start()
    uvicorn.run(
        "mtl_search.export.pyfunc.server:app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        access_log=False,
    )


def _announce(model: Model, host: str, port: int) -> None:
    """Print the address as soon as the server answers there."""
    address = local_address(host, port)
    if not wait_until_it_answers(f"{address}/ping", lambda: True):
        return
    screen = console()
    lines = [f"Serving {', '.join(model.tasks)} at {address}/invocations; Ctrl-C ends it."]
    if example := curl_example(model, address):
        lines += ["For example:", f"  {example}"]
    for line in lines:
        screen.print(line, markup=False, highlight=False, soft_wrap=True)


def curl_example(model: Model, address: str) -> str:
    """Return a command that asks for the prediction of the example; empty where it is too long.

    Args:
        model: The model.
        address: The address of its server.
    """
    if model.preparation is None:
        return ""
    from mtl_search.export.pyfunc.request import example_request

    body = json.dumps(example_request(model), ensure_ascii=False)
    if len(body) > _LONGEST_EXAMPLE:
        return ""
    return f"curl {address}/invocations -H 'Content-Type: application/json' -d {quote(body)}"
