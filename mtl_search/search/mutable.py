"""What population based training may change: values that a network can go on with in the middle of its training."""

from __future__ import annotations

from mtl_search.config import Config, SpaceEntry
from mtl_search.errors import ConfigError

MUTABLE = ("tasks.*.loss_weight", "training.optimizer.<a number>", "training.lr_factors.*")


def check_population(config: Config, *, needs_space: bool = True) -> None:
    """Refuse a space with anything else in it.

    Args:
        config: Of a sweep whose trials are a population.
        needs_space: Whether it has no function of the user's in place of its space.

    Raises:
        ConfigError: What must be fixed in the config, or cannot be used together with a population.
    """
    if not needs_space:
        what = "a population needs search.space: what a space function may change is not known to it"
        raise ConfigError(what, path="search.scheduler.name", value=config.search.scheduler.name)
    if config.search.trials < 2:
        what = "a population has two members or more"
        raise ConfigError(what, path="search.trials", value=config.search.trials)
    for path, entry in config.search.space.items():
        where = f"search.space.{path}"
        if not _is_mutable(path) or entry.choice is not None:
            raise ConfigError(
                f"{config.search.scheduler.name} changes values while a network trains, and this one cannot change then"
                f": give {path} a value in the config and take it out of the space ({where}=null)",
                path=where, value=_shown(entry), allowed=[f"{name} as a range" for name in MUTABLE],
            )  # fmt: skip
        if entry.when:
            what = f"{config.search.scheduler.name} cannot follow conditions: every value of its space always holds"
            raise ConfigError(what, path=f"{where}.when", value=entry.when)


def _is_mutable(path: str) -> bool:
    section, *rest = path.split(".")
    if section == "tasks":
        return len(rest) == 2 and rest[1] == "loss_weight"
    if section != "training" or not rest:
        return False
    return rest[0] == "lr_factors" or (rest[0] == "optimizer" and len(rest) == 2 and rest[1] != "name")


def _shown(entry: SpaceEntry) -> object:
    return entry.model_dump(by_alias=True, exclude_none=True)
