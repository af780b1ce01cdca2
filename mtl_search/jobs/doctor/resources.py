"""Can a trial of the config ever fit?"""

from __future__ import annotations

from collections.abc import Iterator

from mtl_search.cluster import capacity
from mtl_search.config.schema import ResourcesConfig
from mtl_search.errors import ConfigError
from mtl_search.jobs.doctor.examination import Examination
from mtl_search.jobs.doctor.finding import Finding

CHECK = "resources"


def check_resources(seen: Examination) -> Iterator[Finding]:
    """Count the trials that fit, and show the arithmetic where none ever does."""
    if seen.trouble is not None:
        return
    if seen.config is None:
        yield Finding(CHECK, "ok", f"{_totals(seen)}; name a config to see how many trials fit")
        return
    wanted = seen.config.resources
    try:
        capacity.check_capacity(seen.config)
    except ConfigError as error:
        cure = seen.command("resources.workers=1", "resources.gpus_per_worker=0")
        yield Finding(CHECK, "fail", str(error), cure)
        return
    fitting = capacity.max_concurrent_trials(wanted, seen.resources, seen.later)
    if fitting < 1:
        nodes = seen.later or seen.resources
        why = capacity.explain_capacity(wanted, nodes, autoscaler=bool(seen.later))
        yield Finding(CHECK, "fail", why, seen.command(*_smaller(wanted, nodes)))
        return
    text = f"room for {fitting} trials at a time of {_trial(wanted)}; {_totals(seen)}"
    if wanted.max_concurrent != "auto" and fitting < wanted.max_concurrent:
        text += f"; resources.max_concurrent is {wanted.max_concurrent}"
        yield Finding(CHECK, "warn", text, seen.command("resources.max_concurrent=auto"))
    else:
        yield Finding(CHECK, "ok", text)


def _trial(wanted: ResourcesConfig) -> str:
    parts = [f"{wanted.cpus_per_worker:g} CPU"]
    if wanted.gpus_per_worker:
        parts.append(f"{wanted.gpus_per_worker:g} GPU")
    return f"{wanted.workers} × ({', '.join(parts)})"


def _totals(seen: Examination) -> str:
    totals = [sum(node.get(name, 0) for node in seen.resources) for name in ("CPU", "GPU")]
    where = f"{len(seen.resources)} nodes have" if len(seen.resources) > 1 else "there are"
    return f"{where} {totals[0]:g} CPU and {totals[1]:g} GPU"


def _smaller(wanted: ResourcesConfig, nodes: capacity.Nodes) -> list[str]:
    """Return the smallest change of the resources with which a trial fits."""
    cpus = max((int(node.get("CPU", 0)) for node in nodes), default=0)
    fewer = {"cpus_per_worker": max(1, min(int(wanted.cpus_per_worker), cpus))}
    one, without = {"workers": 1}, {"gpus_per_worker": 0.0}
    changes: list[dict[str, float]] = [
        {"workers": max(1, capacity.worker_capacity(wanted, nodes))},
        dict(fewer),
        dict(without),
        {**one, **fewer},
        {**one, **without},
        {**one, **fewer, **without},
    ]
    for change in changes:
        if capacity.max_concurrent_trials(wanted.model_copy(update=change), nodes):
            return [f"resources.{key}={value:g}" for key, value in change.items()]
    return ["--address HOST:PORT"]
