"""Configs that programs and commands read, with consent to the code that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mtl_search.config import Config, load_config, override
from mtl_search.config.consent import (
    VARIABLE,
    TrustCode,
    check_consent,
    code_of,
    is_foreign,
    split_modules,
)

__all__ = [
    "VARIABLE",
    "TrustCode",
    "check_consent",
    "code_of",
    "consent_options",
    "is_foreign",
    "read_config",
    "split_modules",
]


def read_config(
    config: Config | str | Path | Mapping[str, Any],
    overrides: Mapping[str, Any] | Iterable[str] = (),
    trust_code: TrustCode = False,
) -> Config:
    """Return a config that a program hands over, or that of a file to whose code the user consents.

    Args:
        config: A config, the path of a YAML file, or the content of one as a mapping.
        overrides: Changes to it.
        trust_code: Whether code that the file of a stranger names is trusted, as of
            `check_consent`.

    Raises:
        ConfigError: Something in it is wrong, or it names code that is not trusted.
    """
    if isinstance(config, Config):
        return override(config, overrides)
    if not isinstance(overrides, Mapping):
        overrides = [overrides] if isinstance(overrides, str) else list(overrides)
    parsed = load_config(config, overrides)
    if not isinstance(config, Mapping):
        check_consent(parsed, [Path(config)], trust_code, overrides)
    return parsed


def consent_options(trust_code: TrustCode) -> list[str]:
    """Return the options of the command line that give the same consent.

    Examples:
        >>> consent_options(True), consent_options(["mine", "lab.nets"]), consent_options(False)
        (['--trust-code'], ['--trust-modules', 'mine,lab.nets'], [])
    """
    if isinstance(trust_code, bool):
        return ["--trust-code"] if trust_code else []
    modules = ",".join(trust_code)
    return ["--trust-modules", modules] if modules else []
