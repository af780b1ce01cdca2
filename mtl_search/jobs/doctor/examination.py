"""What the doctor has found out before it judges."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mtl_search.cluster.capacity import Node
from mtl_search.config import Config
from mtl_search.config.secrets import masked
from mtl_search.jobs.doctor.facts import NodeFacts

HERE = "here"


@dataclass(frozen=True)
class NodeReport:
    """The answer of one node of a cluster.

    Attributes:
        name: Its address, and its host name where that is known.
        facts: What it says of itself; None where it does not answer.
        problem: Why it does not.
        clock_s: Seconds that its clock is ahead of this process'.
        clock_error_s: How far `clock_s` may be off.
    """

    name: str
    facts: NodeFacts | None = None
    problem: str = ""
    clock_s: float = 0.0
    clock_error_s: float = 0.0


@dataclass(frozen=True)
class Trouble:
    """Why there is no connection to the cluster.

    Attributes:
        message: What went wrong.
        cure: A command that puts it right.
    """

    message: str
    cure: str


@dataclass(frozen=True)
class Examination:
    """All that the checks look at.

    Attributes:
        here: What this machine says of itself.
        output: The folder of sweeps.
        config: The config of the sweep that is to run, if one is named.
        arguments: The config's file and overrides, as the user wrote them.
        address: The address of the cluster; empty: this machine alone.
        trouble: Why the cluster was not reached; None: it was, or there is none.
        connected_s: Seconds that it took to join the cluster.
        nodes: The nodes of the cluster that are alive.
        gone: Number of nodes that the cluster has lost.
        resources: The resources of each node, here of this machine where there is no cluster.
        later: The resources of all nodes that an autoscaler may have.
    """

    here: NodeFacts
    output: Path
    config: Config | None = None
    arguments: Sequence[str] = ()
    address: str = ""
    trouble: Trouble | None = None
    connected_s: float = 0.0
    nodes: Sequence[NodeReport] = ()
    gone: int = 0
    resources: Sequence[Node] = ()
    later: Sequence[Node] = field(default=())

    def answers(self) -> Iterator[tuple[str, NodeFacts]]:
        """Yield name and facts of each node that has answered."""
        for node in self.nodes:
            if node.facts is not None:
                yield node.name, node.facts

    def machines(self) -> Iterator[tuple[str, NodeFacts]]:
        """Yield this machine where it is examined alone, else each node that has answered.

        The driver of a sweep runs on a node of the cluster, so this machine is one of them.
        """
        if self.nodes:
            yield from self.answers()
        else:
            yield HERE, self.here

    def command(self, *changes: str) -> str:
        """Return the command that runs the sweep with changes to its config, without secrets."""
        keys = {change.partition("=")[0] for change in changes}
        named = [
            shlex.quote(masked(word))
            for word in self.arguments or ["CONFIG"]
            if word.partition("=")[0] not in keys
        ]
        return " ".join(["mtl-search", "run", *named, *changes])
