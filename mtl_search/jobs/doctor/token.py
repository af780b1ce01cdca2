"""Is there a token for Ray's authentication, and can nobody else read it?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from mtl_search.jobs.doctor.examination import HERE, Examination
from mtl_search.jobs.doctor.facts import Token
from mtl_search.jobs.doctor.finding import Finding

CHECK = "token"
# Ray 2.60 writes the file so that every user can read it.
_GENERATE = "ray get-auth-token --generate > /dev/null && chmod 600 ~/.ray/auth_token"


def check_token(seen: Examination) -> Iterator[Finding]:
    """Say which token processes show to Ray, here and on the nodes; never its value."""
    yield _judge(HERE, seen.here["token"], is_cluster=bool(seen.address))
    for name, there in seen.answers():
        yield _judge(name, there["token"], is_cluster=True)


def _judge(name: str, token: Token, *, is_cluster: bool) -> Finding:
    mode, source, permissions = token["mode"], token["source"], token["permissions"]
    text = f"RAY_AUTH_MODE {mode or 'not set'}, token {_source(token)}"
    if mode == "disabled":
        if not is_cluster:
            text += ": a Ray that this machine starts lets everyone in who reaches its ports"
        cure = f"{_GENERATE} && export RAY_AUTH_MODE=token"
        return Finding(CHECK, "warn", text, cure, name)
    if permissions is not None and token["is_shared"]:
        text += f": other users can read it ({permissions:04o}) and run code on the cluster"
        return Finding(CHECK, "fail", text, f"chmod 600 {shlex.quote(source)}", name)
    if not source and is_cluster and mode == "token":
        return Finding(CHECK, "fail", f"{text}: Ray refuses to start so", _GENERATE, name)
    if not source and is_cluster:
        text += ": a cluster that asks for none lets everyone in who reaches its ports"
        return Finding(CHECK, "warn", text, _GENERATE, name)
    if not source:
        text += "; a Ray that this machine starts makes one"
    return Finding(CHECK, "ok", text, node=name)


def _source(token: Token) -> str:
    if not token["source"]:
        return "none"
    if token["permissions"] is None:
        return f"in {token['source']}"
    return f"in {token['source']} ({token['permissions']:04o})"
