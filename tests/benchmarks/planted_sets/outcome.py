"""One planted set from beginning to end, as a plain record that a line of JSON holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.command_line import read_lines
from tests.benchmarks.planted_sets.protocol import Interval, Part, run_sweep
from tests.benchmarks.planted_sets.rows import ROWS
from tests.benchmarks.planted_sets.truth import Difference, difference, further_scores, skills

_REPOSITORY = Path(__file__).resolve().parents[3]
# What the figures depend on.
_SOURCES = ("mtl_search/search", "mtl_search/analysis", "mtl_search/metrics", "mtl_search/config")
_OWN_SOURCES = "tests/benchmarks/planted_sets"


@dataclass(frozen=True)
class Job:
    """Name one sweep.

    Attributes:
        row: The kind of planted set.
        seed: The seed of the set.
        further: Number of further seeds for the truth.
        overrides: Changes of the config.
        code: Digest of the code.
    """

    row: str
    seed: int
    further: int
    overrides: tuple[str, ...]
    code: str


@dataclass(frozen=True)
class Outcome:
    """Tell what one sweep said, and what is true.

    Attributes:
        job: Which sweep it was.
        sharing: The verdict's words about sharing.
        weights: The verdict's words about searched weights.
        intervals: `single` or `twin` → the verdict's interval of the difference.
        differences: `single` or `twin` → the difference on further seeds, in the same measure.
        gains: `single`, `twin` or `equal` → the difference of skills on further seeds.
        skills: Network → its mean skill on further seeds.
        depth: Sharing depth of the recommended network.
        loss_weights: Loss weights of the recommended network.
        trials: Number of trials.
        epochs: Number of epochs of all trials.
        training_seconds: Time that the engine took.
        seconds: Time of the whole sweep, without the further seeds.
    """

    job: Job
    sharing: str
    weights: str
    intervals: dict[str, Interval]
    differences: dict[str, Difference]
    gains: dict[str, Difference]
    skills: dict[str, float]
    depth: int
    loss_weights: dict[str, float]
    trials: int
    epochs: int
    training_seconds: float
    seconds: float

    @property
    def truly_helps(self) -> bool:
        """Whether the further seeds show a gain over the separate networks and over the twin.

        What shares nothing by construction gains nothing by it, whatever the seeds show by chance.
        """
        if ROWS[self.job.row].shares_nothing:
            return False
        return min(self.gains["single"].low, self.gains["twin"].low) > 0

    @property
    def truly_hurts(self) -> bool:
        """Whether the further seeds show a loss in both comparisons."""
        return max(self.gains["single"].high, self.gains["twin"].high) < 0

    def to_json(self) -> str:
        """Return the outcome as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """Return the outcome that `to_json` wrote."""
        tree: dict[str, Any] = json.loads(text)
        job = tree.pop("job")
        tree["intervals"] = {k: Interval(**value) for k, value in tree["intervals"].items()}
        for name in ("differences", "gains"):
            tree[name] = {key: Difference(**value) for key, value in tree[name].items()}
        return cls(Job(**{**job, "overrides": tuple(job["overrides"])}), **tree)


def run_job(job: Job) -> Outcome:
    """Run one sweep, then train the networks that it names on further seeds.

    Args:
        job: The sweep.
    """
    planted = ROWS[job.row].draw(job.seed, job.overrides)
    answer = run_sweep(planted)
    scores = further_scores(planted, answer.networks, job.further)
    ours = scores["recommended"]
    config = _only(answer.networks["recommended"]).config
    return Outcome(
        job=job,
        sharing=answer.sharing,
        weights=answer.weights,
        intervals=dict(answer.intervals),
        differences={
            name: difference(ours, scores[name], answer.measure) for name in answer.intervals
        },
        gains={
            name: difference(ours, scores[name], "skill") for name in ("single", "twin", "equal")
        },
        skills={name: float(skills(values).mean()) for name, values in scores.items()},
        depth=int(config.model.sharing.arguments["depth"]),
        loss_weights={task: settings.loss_weight for task, settings in config.tasks.items()},
        trials=answer.trials,
        epochs=answer.epochs,
        training_seconds=answer.training_seconds,
        seconds=answer.seconds,
    )


def read_outcomes(path: Path) -> list[Outcome]:
    """Read the outcomes of a file.

    Lines that an interruption cut off, or that other code has written, are left out.

    Args:
        path: The file; none are read where there is none.
    """
    outcomes = map(_read_line, read_lines(path))
    return [outcome for outcome in outcomes if outcome is not None]


def code_digest() -> str:
    """Return a digest of the code that the figures depend on."""
    digest = hashlib.sha256()
    for folder in (*_SOURCES, _OWN_SOURCES):
        for path in sorted((_REPOSITORY / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _read_line(line: str) -> Outcome | None:
    try:
        return Outcome.from_json(line)
    except (ValueError, TypeError, KeyError):
        return None


def _only(parts: Sequence[Part]) -> Part:
    (part,) = parts
    return part
