"""`mtl-search serve`: MLflow's server on a model, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, build_opener

from mtl_search.api.consent import TrustCode
from mtl_search.cli.console import console
from mtl_search.cli.models.loading import load_named, refuse_names
from mtl_search.errors import RequestError

if TYPE_CHECKING:
    from mtl_search.export.model import Model

_LOOK_S = 0.1
_LOOKS = 1200
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
    _check_port(host, port)
    # The server itself puts a handler in its place while it runs, and then raises the signal again.
    before = signal.signal(signal.SIGTERM, _end)
    try:
        with tempfile.TemporaryDirectory(prefix="mtl-search-serve-") as temporary:
            model = _load(named, names, Path(temporary), ensemble=ensemble, trust_code=trust_code)
            folder = Path(temporary) / "served"
            model.save(folder)
            # The user has consented to this model's code, or it names none.
            served = {"folder": str(folder), "trust_code": True}
            _run(model, served, host, port, workers)
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _end(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


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


def _check_port(host: str, port: int) -> None:
    """Refuse a port that cannot be listened on.

    Raises:
        SweepError: Another program has it, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise RequestError(
                f"cannot listen on {host}:{port} ({reason}): name another one by --port or --host"
            ) from None


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
    shown = "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104  # compared, not bound
    shown = f"[{shown}]" if ":" in shown else shown
    address = f"http://{shown}:{port}"
    opener = build_opener(ProxyHandler({}))
    for _ in range(_LOOKS):
        try:
            with opener.open(f"{address}/ping", timeout=2):
                break
        except OSError:
            time.sleep(_LOOK_S)
    else:
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
