"""The text of a config file, or why it cannot be read and what to do about it."""

from __future__ import annotations

import codecs
import shlex
from pathlib import Path

from mtl_search.errors import ConfigError

_SWEEP_CONFIG = "config.yaml"
_ENDINGS = (".yaml", ".yml")
# How a text begins → its encoding, as `iconv` calls it.
_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
# What text editors write where it is not Unicode.
_OTHER = "WINDOWS-1252"


def read_text(path: Path) -> str:
    """Read a config file, which is UTF-8 with or without a byte order mark.

    Args:
        path: The file.

    Raises:
        ConfigError: There is no such file, it cannot be read, or it has another encoding.

    Examples:
        >>> read_text(Path("configs/quickstrat.yaml"))
        Traceback (most recent call last):
            ...
        mtl_search.errors.ConfigError: no such config file
          value:    'configs/quickstrat.yaml'
          ...
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        configs = [str(beside) for beside in sorted(path.parent.glob("*.y*ml"))]
        raise ConfigError("no such config file", value=str(path), allowed=configs) from None
    except IsADirectoryError:
        raise ConfigError(_folder(path), value=str(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ConfigError(f"cannot read the config file: {error}", value=str(path)) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(_not_utf8(path, content, error), value=str(path)) from None


def _folder(path: Path) -> str:
    """Say that a folder is no config, and which file in it is one."""
    if (path / _SWEEP_CONFIG).exists():
        return f"a config is a file, and this is a folder; its config is {path / _SWEEP_CONFIG}"
    return "a config is a YAML file, and this is a folder"


def _not_utf8(path: Path, content: bytes, error: UnicodeDecodeError) -> str:
    """Say where a file is not UTF-8, and how it becomes so."""
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), _OTHER)
    if b"\0" in content and encoding == _OTHER:
        return "the config file is no text; a config is written in YAML"
    line = content[: error.start].count(b"\n") + 1
    byte = f" (line {line} has the byte 0x{content[error.start]:02x})"
    where = byte if encoding == _OTHER else ""
    source, target = shlex.quote(str(path)), shlex.quote(str(path.with_stem(f"{path.stem}-utf8")))
    return (
        f"the config file is not UTF-8{where}: save it as UTF-8 in your editor, or by "
        f"`iconv -f {encoding} -t UTF-8 {source} > {target}`"
    )
