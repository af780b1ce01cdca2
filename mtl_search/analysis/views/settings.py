"""The settings of the recommended network, beside those of the arms' winners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.loss_weights import shown_weights
from mtl_search.analysis.views.view import Column, View
from mtl_search.storage.trial_record import TrialRecord

_RATE = "training.optimizer.lr"
_DEPTH = "model.sharing.depth"
_WEIGHT = "tasks.{}.loss_weight"
_NOTE = (
    "Values of the config that give the networks which speak for the arms: chosen by fresh seeds, "
    "or before there are any, the best trials. Of several single-task networks the least and the "
    "largest value are shown. Weights of an adaptive method are means over epochs."
)


def settings(evidence: Evidence) -> View | None:
    """Return a row a setting and a column an arm; None before the first epoch."""
    winners = list(evidence.winners())
    if not winners:
        return None
    best = evidence.verdict.recommended
    recommended = [t for t in winners if best and (t.arm, t.id) == (best.arm, best.origin)]
    groups = {
        "recommended": recommended,
        "equal": [trial for trial in winners if trial.arm == "equal"],
        "search": [trial for trial in winners if trial.arm == "search"],
        "single": [trial for trial in winners if trial.arm.is_single],
    }
    groups = {name: group for name, group in groups.items() if group}
    values = {name: [_settings(trial) for trial in group] for name, group in groups.items()}
    paths = dict.fromkeys(path for group in values.values() for own in group for path in own)
    rows = [
        {
            "setting": path,
            **{
                name: _cell(path, [own.get(path) for own in group])
                for name, group in values.items()
            },
        }
        for path in paths
    ]
    titles = {"recommended": "recommended ✓"}
    columns = [
        Column("setting", "setting", help="Path of the value in the config."),
        *(Column(name, titles.get(name, name), help=_help(name, groups[name])) for name in groups),
    ]
    about = {name: [trial.id for trial in group] for name, group in groups.items()}
    title = "Settings of the best networks"
    return View("settings", title, _summary(rows, groups), columns, rows, _NOTE, about)


def _help(name: str, trials: Sequence[TrialRecord]) -> str:
    if name == "single":
        return "The tuned single-task networks."
    return f"The configuration of {trials[0].id}."


def _settings(trial: TrialRecord) -> dict[str, Any]:
    """Return what a trial differs in from the config, then what is known of its network."""
    own = dict(trial.overrides)
    info = trial.info
    if info.get("lr") is not None:
        own[_RATE] = info["lr"]
    if info.get("depth") is not None:
        own[_DEPTH] = info["depth"]
    if not trial.arm.is_single:
        own |= {_WEIGHT.format(task): weight for task, weight in shown_weights(trial).items()}
        if info.get("balancing"):
            own["balancing"] = info["balancing"]
    own["parameters"] = info.get("parameters")
    order = [_DEPTH, _RATE]
    first = {path: own[path] for path in order if path in own}
    return {**first, **own}


def _cell(path: str, values: Sequence[Any]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    is_number = all(isinstance(v, int | float) and not isinstance(v, bool) for v in known)
    if is_number and len(set(known)) > 1:
        return f"{_text(path, min(known))} … {_text(path, max(known))}"
    texts = dict.fromkeys(_text(path, value) for value in known)
    return next(iter(texts)) if len(texts) == 1 else f"{len(texts)} different ones"


def _text(path: str, value: Any) -> str:
    if path == "parameters":
        return formats.count(value)
    if path == _RATE:
        return formats.rate(value)
    if isinstance(value, Mapping):
        return formats.depth(value)
    if isinstance(value, float):
        return formats.number(value)
    return str(value)


def _summary(rows: Sequence[Mapping[str, Any]], groups: Mapping[str, Sequence[TrialRecord]]) -> str:
    by_path = {row["setting"]: row for row in rows}
    name = "recommended" if "recommended" in groups else _best_group(groups)
    trial = groups[name][0]
    facts = []
    if _DEPTH in by_path and by_path[_DEPTH][name]:
        facts.append(f"sharing depth {by_path[_DEPTH][name]}")
    if _RATE in by_path and by_path[_RATE][name]:
        facts.append(f"learning rate {by_path[_RATE][name]}")
    if by_path["parameters"][name]:
        facts.append(f"{by_path['parameters'][name]} parameters")
    role = "The recommended network" if name == "recommended" else f"The best of arm {trial.arm}"
    told = f" has {', '.join(facts)}" if facts else " is listed"
    return f"{role} ({trial.id}){told}."


def _best_group(groups: Mapping[str, Sequence[TrialRecord]]) -> str:
    """Return the better of the shared arms, or the single-task arms where there is none."""
    shared = [name for name in groups if name != "single"]
    return max(shared, key=lambda name: groups[name][0].best_objective, default="single")
