"""A model as the command line names it: a saved one, or that of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_search.api.consent import TrustCode
from mtl_search.errors import ConfigError

if TYPE_CHECKING:
    from mtl_search.export import Model


def load_named(
    named: Path,
    names: Mapping[str, str | None],
    *,
    ensemble: bool = False,
    trust_code: TrustCode = False,
) -> Model:
    """Load a model.

    Args:
        named: The folder of a saved model, or the folder, the config or the name of a sweep.
        names: The options `trial` and `arm`, which choose a network of a sweep.
        ensemble: Whether the networks of all seeds of a sweep predict together.
        trust_code: Whether code of strangers may run.

    Raises:
        ConfigError: An option does not fit, or code is not trusted.
        SweepError: There is no such model or sweep, or its network was not kept.
    """
    if (named / "model.json").exists():
        refuse_names(named, names, ensemble=ensemble)
        from mtl_search.export import Model

        return Model.load(named, trust_code=trust_code)
    from mtl_search.api.result import Result
    from mtl_search.cli.reporting import find_sweep

    result = Result(find_sweep(named), trust_code=trust_code)
    return result.load_model(names["trial"], arm=names["arm"], ensemble=ensemble)


def refuse_names(saved: Path | str, names: Mapping[str, str | None], *, ensemble: bool) -> None:
    """Refuse options that choose networks, of a saved model.

    Args:
        saved: The model, as the command line names it.
        names: The options `trial` and `arm`.
        ensemble: Whether the networks of all seeds are asked for.

    Raises:
        ConfigError: One of the options is given.
    """
    given = [f"--{name}" for name, value in names.items() if value is not None]
    given += ["--ensemble"] if ensemble else []
    if given:
        raise ConfigError(f"{saved} is a saved model, whose networks are given", path=given[0])
