"""Output where the screen or the log file is not UTF-8: what it lacks is written otherwise.

A batch system or a container may give a command ASCII or Latin-1 for its output. That a dash or an
arrow cannot be written there is no reason to end a sweep.
"""

from __future__ import annotations

import codecs
import sys

_TEXT, _JSON = "mtl_search.text", "mtl_search.json"
_LOST = "→ ← ↑ ↓ — – − … × ÷ ± ≤ ≥ ≈ · • Δ ² ³ “ ” ‘ ’ ━ ─ │ ╸ ╺ █ ✓ ✗"
_WRITTEN = "-> <- ^ v - - - ... x / +/- <= >= ~ * * D ^2 ^3 \" \" ' ' - - | - - # v x"
_INSTEAD = {"\u00a0": " ", **dict(zip(_LOST.split(), _WRITTEN.split(), strict=True))}


def write_anything() -> None:
    """Let standard output and standard error take any text, whatever their encoding is."""
    codecs.register_error(_TEXT, _replaced)
    codecs.register_error(_JSON, _escaped)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_TEXT)


def for_output(text: str, form: str) -> str:
    r"""Return a text as standard output can take it; JSON stays what it means.

    Args:
        text: The text.
        form: `json`, or any other form.

    Examples:
        >>> for_output('{"name": "Anna"}', "json")
        '{"name": "Anna"}'
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if form != "json" or encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        return text
    codecs.register_error(_JSON, _escaped)
    return text.encode(encoding, errors=_JSON).decode(encoding)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    written = "".join(_INSTEAD.get(character, "?") for character in lost)
    return written, error.end


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", errors="surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end
