"""The tables that `mtl-search validate` prints: data, tasks, network, space and budget."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from rich.markup import escape
from rich.table import Table

from mtl_search.config import Component, Config, SpaceEntry
from mtl_search.config.families.patterns import in_short, is_pattern, members
from mtl_search.config.families.tasks import with_members
from mtl_search.config.secrets import masked
from mtl_search.data import SPLITS, DataSet, Sources
from mtl_search.data.class_counts import ClassCounts, class_counts
from mtl_search.data.loading.mixture_sampler import build_mixture_sampler
from mtl_search.models.graph import Graph, Node
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.models.sharing.hard import HardSharing
from mtl_search.models.stage import parameter_count
from mtl_search.search.arms import plan_arms
from mtl_search.search.protocol.budget import trial_budget
from mtl_search.storage.arm_name import ArmName
from mtl_search.training.evaluator import metric_names

# What the table of classes shows at most.
_MOST_TARGETS = 20
_MOST_CLASSES = 8
# Above so many tasks, tables have a row for those that are alike.
MANY = 12


def sweep_tables(
    config: Config, data: DataSet, network: MultiTaskNetwork, graph: Graph
) -> Iterator[Table]:
    """Yield the tables in the order in which they are printed.

    Args:
        config: The sweep's config.
        data: The data set.
        network: The network that the config describes.
        graph: The network as a graph, with shapes.
    """
    yield _data(config, data)
    if data.sources is not None:
        yield _sources(config, data, data.sources, network)
    yield _tasks(config, data, network)
    counts = class_counts(data)
    used = {name: counts[name] for name in network.target_names.values() if name in counts}
    if used:
        yield _classes(used)
    yield _network(config, graph)
    if isinstance(network.sharing, HardSharing):
        yield _depths(network.sharing, network)
    yield _space(config)
    yield _budget(config)


def family_tables(written: Config, data: DataSet) -> Iterator[Table]:
    """Yield a table of what the patterns of a config match, where it has any.

    Args:
        written: The config with its patterns.
        data: The data set.
    """
    targets = written.data.arguments.get("targets")
    named = list(targets) if isinstance(targets, Mapping) else []
    families = [name for name in named if is_pattern(name) and name not in data.targets]
    table = _table("Families", "pattern", "of", "matches")
    found = members(families, [name for name in data.targets if name not in named])
    for pattern, names in found.items():
        table.add_row(pattern, "targets", in_short(names))
    patterns = list(filter(is_pattern, written.tasks))
    of_each = with_members(written, tuple(data.targets)).tasks if patterns else {}
    found = members(patterns, [name for name in of_each if name not in written.tasks])
    for pattern, names in found.items():
        table.add_row(pattern, "tasks", in_short(names))
    if table.row_count:
        yield table


def in_rows(tasks: Collection[str]) -> str:
    """Return the names of a few tasks, or how many there are with the first and the last."""
    return ", ".join(tasks) if len(tasks) <= MANY else in_short(tasks)


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
    batch_size = config.training.batch_size
    sampler = build_mixture_sampler(data, "train", network.target_names.values(), batch_size)
    table = _table(f"Sources — {sources.sampling}", "source", *SPLITS, "of the batches", "an epoch")
    sizes = [sources.sizes(data.splits[split]) for split in SPLITS]
    for name, share, *counts in zip(sources.names, sampler.shares, *sizes, strict=True):
        drawn = "none: no task has a label in it"
        if share:
            drawn = f"{share * sampler.batches:.4g} of {sampler.batches} batches"
        table.add_row(name, *map(str, counts), f"{share:.2%}", drawn)
    return table


def _tasks(config: Config, data: DataSet, network: MultiTaskNetwork) -> Table:
    table = _table(
        "Tasks", "task", "role", "head", "target", "views", "loss weight", "metrics", "labelled"
    )
    metrics = metric_names(config, network)
    shares: dict[tuple[str, ...], dict[str, float]] = {}
    is_many = len(config.tasks) > MANY
    for name, task in config.tasks.items():
        target = data.targets[network.target_names[name]]
        described = target.kind + (f", {target.size} wide" if target.size > 1 else "")
        row: tuple[str, ...] = (
            task.role,
            task.head.name,
            described if is_many else f"{network.target_names[name]} ({described})",
            ", ".join(network.views[name]),
            f"{task.loss_weight:g}",
            ", ".join(metrics[name]),
        )
        key = row if is_many else (*row, name)
        share = target.labelled[data.splits["train"]].mean()
        shares.setdefault(key, {})[name] = float(share)
    for row, of_tasks in shares.items():
        table.add_row(in_rows(of_tasks), *row[:6], _range(of_tasks.values()))
    return table


def _classes(counts: Mapping[str, ClassCounts]) -> Table:
    """Say which class is which, with its training samples."""
    table = _table("Classes — number = name (training samples)", "target", "classes", "positive")
    for target, known in list(counts.items())[:_MOST_TARGETS]:
        pairs = list(zip(known.names, known.counts, strict=True))
        listed = ", ".join(
            f"{number} = {_shortened(name)} ({count})"
            for number, (name, count) in enumerate(pairs[:_MOST_CLASSES])
        )
        if len(pairs) > _MOST_CLASSES:
            listed += f" and {len(pairs) - _MOST_CLASSES} more"
        table.add_row(escape(target), escape(listed), escape(_shortened(known.positive)))
    if len(counts) > _MOST_TARGETS:
        table.add_row("", f"and {len(counts) - _MOST_TARGETS} targets more", "")
    return table


def _shortened(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:37]}..."


def _range(shares: Iterable[float]) -> str:
    low, *_, high = [*sorted(shares)] * 2
    return f"{low:.0%}" if f"{low:.0%}" == f"{high:.0%}" else f"{low:.0%} to {high:.0%}"


def _network(config: Config, graph: Graph) -> Table:
    title = f"Network — {config.model.backbone.name}, {config.model.sharing.name} sharing"
    table = _table(title, "layer", "output shape", "parameters", "read by")
    alike: dict[tuple[str, ...], list[Node]] = {}
    is_many = len(graph.tasks) > MANY
    for number, node in enumerate(graph.nodes):
        row: tuple[str, ...] = (_label(node), _shape(node), _count(node))
        is_alone = is_many and len(node.tasks) == 1
        alike.setdefault(row if is_alone else (*row, str(number)), []).append(node)
    for row, nodes in alike.items():
        tasks = list(dict.fromkeys(task for node in nodes for task in node.tasks))
        read_by = "all tasks" if len(tasks) == len(graph.tasks) > 1 else in_rows(tasks)
        if len(nodes) > 1:
            read_by += ", each its own"
        table.add_row(*row[:2], row[2] if len(nodes) == 1 else f"{len(nodes)} × {row[2]}", read_by)
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
    if node.column is not None:
        return f"{node.label} (column of {node.column})"
    return node.label


def _shape(node: Node) -> str:
    return f"({', '.join(['B', *map(str, node.gives)])})"


def _count(node: Node) -> str:
    frozen = node.parameters - node.trainable
    if not frozen:
        return f"{node.parameters:,}"
    if frozen == node.parameters:
        return f"{node.parameters:,} frozen"
    return f"{node.parameters:,}, {frozen:,} frozen"


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
        ends = f"1/{entry.log_ratio:g} to {entry.log_ratio:g}"
        return f"{ends} times that of {entry.reference}, log-uniform"
    if entry.log is not None:
        return f"{entry.log[0]:g} to {entry.log[1]:g}, log-uniform"
    low, high = entry.int_ or entry.float_ or (0, 0)
    return f"{low:g} to {high:g}, {'whole numbers' if entry.int_ else 'uniform'}"


def _budget(config: Config) -> Table:
    arms = plan_arms(config)
    budget = trial_budget(config, arms)
    trials, epochs = sum(budget.values()), config.training.epochs
    table = _table(f"Budget — {trials} trials or more, of at most {epochs} epochs", "arm", "trials")
    table.min_width = len(str(table.title))  # or the title is wrapped
    table.caption = "Offers, twins, and seeds where the verdict is open come on top"
    table.caption_justify = "left"
    members: dict[str, int] = {arm.name: arm.members for arm in arms if arm.members}
    alike: dict[tuple[str, str], list[str]] = {}
    for arm, count in budget.items():
        shown = str(count)
        if arm in members:
            shown = f"{members[arm]} as a population, then {count - members[arm]}"
        kind, task = arm, ArmName(arm).task
        if task is not None and len(config.tasks) > MANY:
            kind = arm.removesuffix(task) + "<task>"
        alike.setdefault((kind, shown), []).append(arm)
    for (kind, shown), names in alike.items():
        table.add_row(kind, shown if kind in names else f"{len(names)} × {shown}")
    return table


def resources_text(config: Config) -> str:
    """Describe in three lines how losses are balanced, what a trial may use, and the search."""
    resources = config.resources
    search = config.search
    workers = "1 worker" if resources.workers == 1 else f"{resources.workers} workers, each"
    return (
        f"[bold]Balancing[/]: weighting {_component(config.training.weighting)}, "
        f"aggregator {_component(config.training.aggregator)}\n"
        f"[bold]Resources[/] of a trial: {workers} with "
        f"{resources.cpus_per_worker:g} CPU and {resources.gpus_per_worker:g} GPU; "
        f"trials at a time: {resources.max_concurrent}\n"
        f"[bold]Search[/]: scheduler {search.scheduler.name}, sampler {search.sampler.name}"
    )


def _component(member: Component | None) -> str:
    if member is None:
        return "none"
    arguments = ", ".join(f"{name}={value}" for name, value in member.arguments.items())
    if not arguments:
        return escape(member.name)
    return escape(masked(f"{member.name} ({arguments})"))
