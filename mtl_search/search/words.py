"""A verdict in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl_search.analysis.judge import Verdict


def sentence(result: Verdict) -> str:
    """Whether sharing helps, whether weights do, what auxiliary tasks were worth, and what to know beside it."""
    notes = [f"{note}." for note in result.notes]
    sharing, weights = [*_sharing_words(result), *_equal_words(result)], _weights_words(result)
    return " ".join([*sharing, *weights, *_auxiliary_words(result), *notes])


def _sharing_words(result: Verdict) -> list[str]:
    compared = result.sharing
    if compared is None:
        single = any(arm.startswith("single/") for arm in result.winners)
        reason = "no seed has finished in both arms" if single else "there are no single-task networks to compare with"
        return [f"Not tested: {reason}."] if result.winners or not result.notes else ["Not tested."]
    numbers = compared.numbers()
    if result.outcome == "not tested":
        return [f"Not tested: one seed is not enough ({numbers})."]
    sizes = ""
    if result.parameters and result.single_parameters:
        sizes = (
            f" One network of {result.parameters:,} parameters ({compared.arm} arm) stands against"
            f" {result.single_parameters:,} in {len(compared.gains)} separate ones."
        )
    said = "no gain by sharing" if compared.sign and result.outcome == "no significant gain" else result.outcome
    return [f"{said.capitalize()}: {numbers}.{sizes}"]


def _equal_words(result: Verdict) -> list[str]:
    """Where the search arm is judged, and the equal arm comes out otherwise."""
    equal, search = result.equal, result.search
    if equal is None or search is None or equal.sign == search.sign or not equal.sign:
        return []
    return [f"With equal weights sharing {'helps' if equal.sign == 1 else 'hurts'}: {equal.numbers()}."]


def _auxiliary_words(result: Verdict) -> list[str]:
    words = {
        1: "helps",
        -1: "hurts",
        0: "makes no significant difference",
        None: "is not tested, one seed is not enough",
    }
    return [f"Auxiliary task {task} {words[c.sign]}: {c.numbers()}." for task, c in result.auxiliary.items()]


def _weights_words(result: Verdict) -> list[str]:
    if result.weights is None:
        return []
    words = {
        "weights help": "Searched weights beat equal ones",
        "weights hurt": "Searched weights lose against equal ones",
        "no significant gain": "Searched weights against equal ones: no significant gain",
        "not tested": "Searched weights against equal ones: not tested, one seed is not enough",
    }
    return [f"{words[result.weights_outcome]}: {result.weights.numbers()}."]
