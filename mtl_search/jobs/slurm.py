"""The batch script of Slurm that runs a sweep on all nodes of an allocation."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files

from mtl_search.cluster import capacity
from mtl_search.config import Config
from mtl_search.errors import ConfigError
from mtl_search.jobs.sizes import node_resources

_TIME = re.compile(r"\d+|(\d+:){1,2}\d\d|\d+-\d+(:\d\d){0,2}")
_WORD = re.compile(r"[\w.,:@%+/=-]+")
# Ray gets 40 seconds to stop in order, and Slurm may send the signal a minute later than it says.
_SHORTEST_LEAD_S = 60


@dataclass(frozen=True)
class SlurmOptions:
    """What a batch script asks Slurm for.

    Attributes:
        nodes: Number of nodes.
        time: Time limit as Slurm writes it: minutes, `HH:MM:SS` or `DAYS-HH:MM:SS`; None leaves it
            to the partition.
        partition: Name of the partition; None leaves it to Slurm.
        account: Account that is charged; None leaves it to Slurm.
        cpus_per_node: CPUs on each node; None takes what the trials of the config need.
        gpus_per_node: GPUs on each node; None takes what the trials of the config need.
        lines: More options of sbatch, each such as `--mem=32G`.
        lead_s: Seconds before the time limit at which the sweep stops in order.
        restarts: How often the job goes back into the queue when its time is up; 0 is never.
        output: Folder of the sweep, which all nodes see; None means `runs/<name>-<job id>`.
        environment: Folder of the Python environment, whose `bin` comes first on PATH.
        setup: Lines of shell that come first, such as `module load cuda`.
        address: IP address of the first node, as the others reach it; None asks Slurm.

    Raises:
        ConfigError: An option is not one that Slurm takes.

    Examples:
        >>> SlurmOptions(nodes=4, time="02:00:00").restarts
        10
        >>> SlurmOptions(time="two hours")
        Traceback (most recent call last):
            ...
        mtl_search.errors.ConfigError: --time: minutes, HH:MM:SS or DAYS-HH:MM:SS is needed
          value:    'two hours'
    """

    nodes: int = 1
    time: str | None = None
    partition: str | None = None
    account: str | None = None
    cpus_per_node: int | None = None
    gpus_per_node: int | None = None
    lines: tuple[str, ...] = ()
    lead_s: int = 120
    restarts: int = 10
    output: str | None = None
    environment: str | None = None
    setup: tuple[str, ...] = ()
    address: str | None = None

    def __post_init__(self) -> None:
        for option, value, least in (
            ("--nodes", self.nodes, 1),
            ("--cpus-per-node", self.cpus_per_node, 1),
            ("--gpus-per-node", self.gpus_per_node, 0),
            ("--lead", self.lead_s, _SHORTEST_LEAD_S),
            ("--restarts", self.restarts, 0),
        ):
            if value is not None and value < least:
                raise ConfigError(f"a number from {least} on is needed", path=option, value=value)
        if self.time is not None and not _TIME.fullmatch(self.time):
            message = "minutes, HH:MM:SS or DAYS-HH:MM:SS is needed"
            raise ConfigError(message, path="--time", value=self.time)
        for option, word in (("--partition", self.partition), ("--account", self.account)):
            if word is not None and not _WORD.fullmatch(word):
                raise ConfigError("one word is needed", path=option, value=word)
        for line in self.lines:
            if not line.startswith("-") or "\n" in line:
                message = "one option of sbatch is needed, such as --mem=32G"
                raise ConfigError(message, path="--sbatch", value=line)


def slurm_script(config: Config, arguments: Sequence[str], options: SlurmOptions) -> str:
    r"""Write the batch script that runs a sweep on an allocation of Slurm.

    The script starts Ray on all nodes of the job, with a token and ports of its own, and runs the
    sweep there. Before the time limit it stops the sweep in order and puts the job back into the
    queue; a job that starts again goes on with its sweep.

    Args:
        config: The sweep's config.
        arguments: The words after `mtl-search run`: the config's file, then changes to it.
        options: What the script asks Slurm for.

    Returns:
        The script, for `sbatch`.

    Raises:
        ConfigError: A trial's resources are such as no cluster can have.
        ClusterError: No trial fits on the nodes; the message shows the arithmetic.

    Examples:
        >>> import mtl_search
        >>> config = mtl_search.load_config("configs/quickstart.yaml")
        >>> options = SlurmOptions(nodes=2, time="01:00:00", partition="short")
        >>> script = slurm_script(config, ["configs/quickstart.yaml", "search.trials=40"], options)
        >>> print("\n".join(script.splitlines()[:7]))
        #!/bin/bash
        #SBATCH --job-name=quickstart
        #SBATCH --nodes=2
        #SBATCH --ntasks-per-node=1
        #SBATCH --cpus-per-task=1
        #SBATCH --time=01:00:00
        #SBATCH --partition=short
    """
    cpus, gpus = node_resources(
        config.resources, options.nodes, options.cpus_per_node, options.gpus_per_node
    )
    capacity.check_capacity(config)
    capacity.slots(config.resources, [{"CPU": cpus, "GPU": gpus}] * options.nodes)
    directives = "\n".join(f"#SBATCH {line}" for line in _directives(config, options, cpus, gpus))
    output = shlex.quote(options.output or f"runs/{config.name}-")
    if options.output is None:
        output += "$SLURM_JOB_ID"
    body = files("mtl_search.jobs").joinpath("templates/slurm.sh").read_text(encoding="utf-8")
    lines = [
        "#!/bin/bash",
        directives,
        "",
        f"# Written by mtl-search {version('mtl-search')}. `sbatch SCRIPT` runs the sweep, and",
        "# `sbatch SCRIPT FOLDER` goes on with the one in that folder.",
        *options.setup,
        *_path(options.environment),
        f"arguments=({shlex.join(arguments)})",
        f"output=${{1:-{output}}}",
        f"address={shlex.quote(options.address or '')}",
        # Its state API is needed to clean up after Ray Train's worker groups.
        f"dashboard={'true' if config.resources.workers > 1 else 'false'}",
        f"cpus={cpus} gpus={gpus} restarts={options.restarts}",
        "",
        body,
    ]
    return "\n".join(lines)


def _directives(config: Config, options: SlurmOptions, cpus: int, gpus: int) -> list[str]:
    given = {"time": options.time, "partition": options.partition, "account": options.account}
    return [
        f"--job-name={config.name}",
        f"--nodes={options.nodes}",
        "--ntasks-per-node=1",
        f"--cpus-per-task={cpus}",
        *([f"--gpus-per-node={gpus}"] if gpus else []),
        *(f"--{name}={value}" for name, value in given.items() if value is not None),
        "--output=slurm-%x-%j.out",
        "--open-mode=append",  # a job that starts again goes on in the same file
        "--requeue",
        "--no-kill",  # a node that fails does not end the job
        f"--signal=B:USR1@{options.lead_s}",
        *options.lines,
    ]


def _path(environment: str | None) -> list[str]:
    if environment is None:
        return []
    return [f"export PATH={shlex.quote(f'{environment}/bin')}:$PATH"]
