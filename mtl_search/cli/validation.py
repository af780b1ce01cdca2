"""`mtl-search validate`: everything that a sweep would be, without training."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from mtl_search.config import Config, SpaceEntry, load_config
from mtl_search.data import SPLITS, DataSet, build_data
from mtl_search.models.network import MultiTaskNetwork, describe, parameter_count
from mtl_search.models.sharing.hard import HardSharing
from mtl_search.search import capacity, preflight
from mtl_search.search.arms import plan_arms
from mtl_search.search.sweep import trial_budget
from mtl_search.training.metrics import metric_names


def validate_command(config_file: Path, overrides: list[str], console: Console) -> None:
    """Check a config to its last value and show what it means.

    Raises:
        ConfigError: Something in it is wrong.
        DataError: The data cannot be read, or does not fit.
    """
    config = load_config(config_file, overrides)
    capacity.check(config)
    data = build_data(config.data, config.seed)
    network = preflight.check(config, data)
    tables = [
        _data(config, data),
        _tasks(config, data, network),
        _stages(config, network),
        _depths(config, network),
        _space(config),
        _budget(config),
    ]
    for table in tables:
        console.print(table, "")
    console.print(_resources(config), "", highlight=False)
    console.print(f"[green]{config_file} is valid.[/] Next: mtl-search run {' '.join([str(config_file), *overrides])}")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, style="cyan" if number == 0 else None)
    return table


def _data(config: Config, data: DataSet) -> Table:
    table = _table(f"Data — {config.data.name}, {data.nbytes / 1e6:.1f} MB", "what", "shape", "type")
    for view, x in data.inputs.items():
        table.add_row(f"view {view}", " × ".join(map(str, x.shape[1:])), str(x.dtype))
    for name in SPLITS:
        table.add_row(f"split {name}", f"{len(data.splits[name])} samples", "")
    return table


def _tasks(config: Config, data: DataSet, network: MultiTaskNetwork) -> Table:
    table = _table("Tasks", "task", "role", "head", "target", "views", "loss weight", "metrics", "labelled")
    metrics = metric_names(config, network)
    for name, task in config.tasks.items():
        target = data.targets[network.target_names[name]]
        share = target.labelled[data.splits["train"]].mean()
        described = f"{target.kind}, {target.size} wide" if target.size > 1 else target.kind
        table.add_row(
            name, task.role, task.head.name, f"{network.target_names[name]} ({described})",
            ", ".join(network.views[name]), f"{task.loss_weight:g}", ", ".join(metrics[name]), f"{share:.0%}",
        )  # fmt: skip
    return table


def _stages(config: Config, network: MultiTaskNetwork) -> Table:
    title = f"Network — {config.model.backbone.name}, {config.model.sharing.name} sharing"
    table = _table(f"{title}, {parameter_count(network):,} parameters", "stage", "width", "parameters", "read by")
    for row in describe(network):
        table.add_row(row.label, str(row.width), f"{row.parameters:,}", ", ".join(row.tasks))
    return table


def _depths(config: Config, network: MultiTaskNetwork) -> Table:
    table = _table("Parameters at each sharing depth", "depth", "parameters", "")
    sharing = network.sharing
    if not isinstance(sharing, HardSharing):
        return table
    heads = sum(parameter_count(head) for head in network.heads.values())
    for depth in range(sharing.stages + 1):
        what = {0: "separate networks", sharing.stages: "only heads separate"}.get(depth, "")
        table.add_row(str(depth), f"{sharing.parameters_at(depth) + heads:,}", what)
    return table


def _space(config: Config) -> Table:
    table = _table("Search space", "path", "values", "condition")
    for path, entry in config.search.space.items():
        when = ", ".join(f"{key} = {value}" for key, value in (entry.when or {}).items())
        table.add_row(path, _values(entry), when)
    return table


def _values(entry: SpaceEntry) -> str:
    if entry.choice is not None:
        return "one of " + ", ".join(map(str, entry.choice))
    if entry.log_ratio is not None:
        return f"1/{entry.log_ratio:g} to {entry.log_ratio:g} times that of {entry.reference}, log-uniform"
    if entry.log is not None:
        return f"{entry.log[0]:g} to {entry.log[1]:g}, log-uniform"
    low, high = entry.int_ or entry.float_ or (0, 0)
    return f"{low:g} to {high:g}, {'whole numbers' if entry.int_ else 'uniform'}"


def _budget(config: Config) -> Table:
    budget = trial_budget(config, plan_arms(config))
    table = _table(
        f"Budget — {sum(budget.values())} trials of at most {config.training.epochs} epochs", "arm", "trials"
    )
    for arm, trials in budget.items():
        table.add_row(arm, str(trials))
    return table


def _resources(config: Config) -> str:
    wanted, search = config.resources, config.search
    return (
        f"[bold]Resources[/] a trial: {wanted.workers} worker(s) × {wanted.cpus_per_worker:g} CPU, "
        f"{wanted.gpus_per_worker:g} GPU; at a time: {wanted.max_concurrent}; "
        f"scheduler {search.scheduler.name}, sampler {search.sampler.name}"
    )
