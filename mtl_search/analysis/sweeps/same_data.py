"""Whether two sweeps had the same data, as far as their journals and configs tell."""

from __future__ import annotations

from typing import Any, Literal

from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.config.schema import HANDED_OVER

# `same`: the digests are equal. `presumed`: a digest is missing, but the settings are the same.
# `other split`: the settings are the same but for the seed. `other`: other data.
Sameness = Literal["same", "presumed", "other split", "other"]


def sameness(one: Sweep, other: Sweep) -> Sameness:
    """Return whether two sweeps had the same data, and the same test items.

    Args:
        one: A sweep.
        other: Another one.
    """
    digests = [sweep.data.get("digest") for sweep in (one, other)]
    if all(digests) and digests[0] == digests[1]:
        return "same"
    if _settings(one) != _settings(other):
        return "other"
    if HANDED_OVER in (_settings(one)["name"], *(x.data.get("name") for x in (one, other))):
        # No setting and no seed says what a program has handed over.
        return "other" if all(digests) else "presumed"
    if _seed(one) != _seed(other):
        return "other split"
    # The same settings, and other data: the files have changed in between.
    return "other" if all(digests) else "presumed"


def _settings(sweep: Sweep) -> dict[str, Any]:
    """Return the settings of the data without the seed of the split."""
    data = sweep.evidence.config.data
    return {"name": data.name, **{k: v for k, v in data.arguments.items() if k != "seed"}}


def _seed(sweep: Sweep) -> Any:
    """Return the seed of the split: that of the data, or where it has none, the sweep's."""
    config = sweep.evidence.config
    return config.data.arguments.get("seed", config.seed)
