"""`mtl-search validate`: everything that a sweep would be, without training.

Only what needs no torch is imported here, so that a typing error is answered at once.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from mtl_search.api.component_check import check_components
from mtl_search.api.consent import TrustCode, check_consent
from mtl_search.cluster import capacity
from mtl_search.config import Config, load_config
from mtl_search.config.checks import prefix_path
from mtl_search.config.secrets import masked
from mtl_search.data.datasets.families import with_all_tasks

if TYPE_CHECKING:
    from mtl_search.models.graph import Graph


def validate_command(
    config_file: Path,
    overrides: list[str],
    console: Console,
    graph_file: Path | None = None,
    *,
    trust_code: TrustCode = False,
) -> None:
    """Check a config to its last value and show what it means.

    Args:
        config_file: The YAML file.
        overrides: Changes to it, each as `path=value`.
        console: The console to print to.
        graph_file: The file of the network's picture; None for no picture.
        trust_code: Which code of a config that is not the user's own may run (see `api.consent`).

    Raises:
        ConfigError: Something in it is wrong, or the picture cannot be written.
        DataError: The data cannot be read, or does not fit.
    """
    config = load_config(config_file, overrides)
    check_consent(config, [config_file], trust_code, overrides)
    _check_ending(graph_file)
    written = config
    config = with_all_tasks(config)
    check_components(config)
    capacity.check_capacity(config)
    _show(config, console, graph_file, written)
    command = shlex.join(["mtl-search", "run", str(config_file), *map(masked, overrides)])
    console.print(f"[green]{escape(str(config_file))} is valid.[/] Next:")
    console.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)


def _show(config: Config, console: Console, graph_file: Path | None, written: Config) -> None:
    """Build what the config describes, and print it; `written` has patterns for families."""
    from mtl_search.cli.sweep_tables import family_tables, resources_text, sweep_tables
    from mtl_search.data import load_data
    from mtl_search.models.graph_tracing import trace_graph
    from mtl_search.search import preflight
    from mtl_search.training.metric_scales import left_out

    data = load_data(config)
    checked = preflight.check_sweep(config, data)
    network = checked.network
    graph = trace_graph(network, data)
    for table in [*family_tables(written, data), *sweep_tables(config, data, network, graph)]:
        console.print(table, "")
    console.print(resources_text(config), "", highlight=False)
    for sentence in left_out(config, checked.metrics, checked.scales):
        line = f"[yellow]Note[/]: {escape(sentence)}"
        console.print(line, "", highlight=False, soft_wrap=True)
    if graph_file is not None:
        _draw(graph, config, graph_file)
        line = f"[bold]Picture[/] of the network: {escape(str(graph_file))}"
        console.print(line, "", highlight=False, soft_wrap=True)


def _check_ending(graph_file: Path | None) -> None:
    """Check the picture's ending before the data are read, which may take a while."""
    if graph_file is None:
        return
    from mtl_search.report.network_plot.draw import picture_ending

    with prefix_path("--graph"):
        picture_ending(graph_file)


def _draw(graph: Graph, config: Config, graph_file: Path) -> None:
    from mtl_search.report.network_plot.draw import draw

    with prefix_path("--graph"):
        draw(graph, config, graph_file)
