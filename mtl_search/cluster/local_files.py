"""Files that a Ray of this machine needs outside of the sweep: its token, and its sockets.

Ray keeps a token in the home folder, and sockets in the temporary one, whose addresses are short by
the rules of the operating system. A container or a batch job may have no home folder that can be
written to, and a temporary folder with a long name.
"""

from __future__ import annotations

import logging
import os
import resource
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

logger = logging.getLogger(__name__)

_SHORT = "/tmp"  # noqa: S108  # it only takes folders of Ray's own, which bear a random name
_LONGEST_SOCKET = 107
TOKEN, TOKEN_PATH, TEMPORARY = "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_TMPDIR"


def home_token() -> Path | None:
    """Return where Ray keeps its token in the home folder; None where the user has none."""
    try:
        return Path.home() / ".ray" / "auth_token"
    except RuntimeError:  # a user without a name, and no HOME
        return None


def prepare() -> None:
    """Let a Ray start on this machine where the home folder or the temporary one does not serve."""
    _give_token()
    _give_short_folder()


def explain(reason: str) -> str:
    """Return why Ray does not start, with what the user can do about its files.

    Args:
        reason: What Ray says.

    Examples:
        >>> explain("AF_UNIX path length cannot exceed 107 bytes").partition(";")[2]
        ' set RAY_TMPDIR to a folder with a short name, such as /tmp'
    """
    if "AF_UNIX path" in reason:
        return f"{reason}; set {TEMPORARY} to a folder with a short name, such as {_SHORT}"
    if "auth_token" in reason or "authentication token" in reason.lower():
        return f"{reason}; Ray wants a token: put one into the variable {TOKEN}"
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit != resource.RLIM_INFINITY:
        return (
            f"{reason}; files may have {limit // 1024:,} KiB at most, also those of Ray: if that "
            "is why, `ulimit -f unlimited` lifts it"
        )
    return reason


def _give_token() -> None:
    """Put a token into the environment where Ray could not write one to the home folder."""
    if os.environ.get(TOKEN) or os.environ.get("RAY_AUTH_MODE", "token").lower() != "token":
        return
    named = os.environ.get(TOKEN_PATH)
    if named and Path(named).is_file():
        return
    token = home_token()
    if token is None or not _can_be_written(token):
        os.environ[TOKEN] = secrets.token_hex(32)


def _can_be_written(token: Path) -> bool:
    """Return whether there is a token to read, or a folder to write it to."""
    try:
        if token.is_file():
            return os.access(token, os.R_OK)
        token.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=token.parent):
            return True
    except OSError:
        return False


def _give_short_folder() -> None:
    """Let Ray's sockets be in a folder with a short name, unless the user names one."""
    if os.environ.get(TEMPORARY):
        return
    folder = os.environ.get("TMPDIR") or tempfile.gettempdir()
    if _fits(folder) or not _fits(_SHORT):
        return
    with suppress(OSError), tempfile.TemporaryDirectory(dir=_SHORT):
        os.environ[TEMPORARY] = _SHORT
        logger.info("%s is too long for Ray's sockets, which are in %s", folder, _SHORT)


def _fits(folder: str) -> bool:
    session = f"session_2026-11-26_00-00-00_000000_{os.getpid()}"
    socket = f"{folder.rstrip('/')}/ray/{session}/sockets/plasma_store"
    return len(os.fsencode(socket)) <= _LONGEST_SOCKET
