"""`mtl-search validate`: everything that a sweep would be, without training."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mtl_search.cluster import capacity
from mtl_search.config import Component, Config, SpaceEntry, load_config
from mtl_search.config.checks import prefix_path
from mtl_search.data import SPLITS, DataSet, Sources
from mtl_search.data.datasets import load_data
from mtl_search.data.loading.mixture_sampler import build_mixture_sampler
from mtl_search.models.graph import Graph, Node
from mtl_search.models.graph_tracing import trace_graph
from mtl_search.models.network import MultiTaskNetwork, parameter_count
from mtl_search.models.sharing.hard import HardSharing
from mtl_search.search import preflight
from mtl_search.search.arms import plan_arms, trial_budget
from mtl_search.training.evaluator import metric_names


def validate_command(
    config_file: Path, overrides: list[str], console: Console, graph_file: Path | None = None
) -> None:
    """Check a config to its last value and show what it means.

    Args:
        config_file: YAML file.
        overrides: `path=value`.
        console: Where to.
        graph_file: Where the picture of the network goes; None for none.

    Raises:
        ConfigError: Something in it is wrong, or the picture cannot be written.
        DataError: The data cannot be read, or does not fit.
    """
    config = load_config(config_file, overrides)
    _check_ending(graph_file)
    capacity.check_capacity(config)
    data = load_data(config)
    network = preflight.check_sweep(config, data)
    graph = trace_graph(network, data)
    tables = [
        _data(config, data),
        *([] if data.sources is None else [_sources(config, data, data.sources, network)]),
        _tasks(config, data, network),
        _network(config, graph),
        *([_depths(network.sharing, network)] if isinstance(network.sharing, HardSharing) else []),
        _space(config),
        _budget(config),
    ]
    for table in tables:
        console.print(table, "")
    console.print(_resources(config), "", highlight=False)
    if graph_file is not None:
        _draw(graph, config, graph_file)
        console.print(
            f"[bold]Picture[/] of the network: {escape(str(graph_file))}",
            "",
            highlight=False,
            soft_wrap=True,
        )
    command = shlex.join(["mtl-search", "run", str(config_file), *overrides])
    console.print(f"[green]{escape(str(config_file))} is valid.[/] Next:")
    console.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, style="cyan" if number == 0 else None)
    return table


def _data(config: Config, data: DataSet) -> Table:
    table = _table(
        f"Data — {config.data.name}, {data.nbytes / 1e6:.1f} MB", "what", "shape", "type"
    )
    for view, x in data.inputs.items():
        table.add_row(f"view {view}", " × ".join(map(str, x.shape[1:])), str(x.dtype))
    for name in SPLITS:
        table.add_row(f"split {name}", f"{len(data.splits[name])} samples", "")
    return table


def _sources(config: Config, data: DataSet, sources: Sources, network: MultiTaskNetwork) -> Table:
    draws = build_mixture_sampler(
        data, "train", network.target_names.values(), config.training.batch_size
    )
    table = _table(f"Sources — {sources.sampling}", "source", *SPLITS, "of the batches", "an epoch")
    sizes = [sources.sizes(data.splits[split]) for split in SPLITS]
    for name, share, *counts in zip(sources.names, draws.shares, *sizes, strict=True):
        drawn = (
            f"{share * draws.batches:.4g} of {draws.batches} batches"
            if share
            else "none: no task has a label in it"
        )
        table.add_row(name, *map(str, counts), f"{share:.2%}", drawn)
    return table


def _tasks(config: Config, data: DataSet, network: MultiTaskNetwork) -> Table:
    table = _table(
        "Tasks", "task", "role", "head", "target", "views", "loss weight", "metrics", "labelled"
    )
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


def _network(config: Config, graph: Graph) -> Table:
    title = f"Network — {config.model.backbone.name}, {config.model.sharing.name} sharing"
    table = _table(title, "layer", "output shape", "parameters", "read by")
    for node in graph.nodes:
        tasks = "all tasks" if len(node.tasks) == len(graph.tasks) > 1 else ", ".join(node.tasks)
        table.add_row(_label(node), _shape(node), _count(node), tasks)
    frozen = graph.parameters - graph.trainable
    totals = {
        "total": graph.parameters,
        "shared by several tasks": graph.shared,
        "of one task": graph.parameters - graph.shared,
        "trainable": graph.trainable,
        "frozen": frozen,
    }
    table.add_row()
    for name, count in totals.items():
        table.add_row(name, "", f"{count:,}", "")
    return table


def _label(node: Node) -> str:
    match node.kind:
        case "input":
            return f"{node.label} (view)"
        case "augment":
            return f"{node.label} (in training)"
    return node.label if node.column is None else f"{node.label} (column of {node.column})"


def _shape(node: Node) -> str:
    return f"({', '.join(['B', *map(str, node.gives)])})"


def _count(node: Node) -> str:
    frozen = node.parameters - node.trainable
    if not frozen:
        return f"{node.parameters:,}"
    return (
        f"{node.parameters:,} frozen"
        if frozen == node.parameters
        else f"{node.parameters:,}, {frozen:,} frozen"
    )


def _depths(sharing: HardSharing, network: MultiTaskNetwork) -> Table:
    table = _table("Parameters at each sharing depth", "depth", "parameters", "")
    rest = parameter_count(network) - parameter_count(sharing)
    for depth in range(sharing.stages + 1):
        what = {0: "separate networks", sharing.stages: "only heads separate"}.get(depth, "")
        table.add_row(str(depth), f"{sharing.parameters_at(depth) + rest:,}", what)
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
    arms = plan_arms(config)
    budget = trial_budget(config, arms)
    table = _table(
        f"Budget — {sum(budget.values())} trials of at most {config.training.epochs} epochs",
        "arm",
        "trials",
    )
    members: dict[str, int] = {arm.name: arm.members for arm in arms if arm.members}
    for arm, trials in budget.items():
        rest = trials - members.get(arm, 0)
        table.add_row(
            arm, f"{members[arm]} as a population, then {rest}" if arm in members else str(trials)
        )
    return table


def _resources(config: Config) -> str:
    wanted, search = config.resources, config.search
    return (
        f"[bold]Balancing[/]: weighting {_member(config.training.weighting)}, "
        f"aggregator {_member(config.training.aggregator)}\n"
        f"[bold]Resources[/] a trial: {wanted.workers} worker(s) × {wanted.cpus_per_worker:g} CPU, "
        f"{wanted.gpus_per_worker:g} GPU; at a time: {wanted.max_concurrent}; "
        f"scheduler {search.scheduler.name}, sampler {search.sampler.name}"
    )


def _member(member: Component | None) -> str:
    if member is None:
        return "none"
    arguments = ", ".join(f"{name}={value}" for name, value in member.arguments.items())
    return escape(f"{member.name} ({arguments})" if arguments else member.name)


def _check_ending(graph_file: Path | None) -> None:
    """Before the data are read, which may take a while."""
    if graph_file is None:
        return
    from mtl_search.report.network_plot.draw import picture_ending

    with prefix_path("--graph"):
        picture_ending(graph_file)


def _draw(graph: Graph, config: Config, graph_file: Path) -> None:
    from mtl_search.report.network_plot.draw import draw

    with prefix_path("--graph"):
        draw(graph, config, graph_file)
