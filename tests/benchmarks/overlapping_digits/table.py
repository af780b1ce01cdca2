"""The tables, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from tests.benchmarks.overlapping_digits.figures import Figures, Row

_LEGEND = """\
Δm: mean over tasks of the relative gain in the test metric over the tuned separate networks, in
percent (Maninis et al. 2019): mean over seeds, and the lowest and highest seed. Skill: mean over
tasks of the gain between the constant prediction (0) and a perfect one (1), in points, with the
95 % interval over seeds and test items. Weights: of the losses divided by their trivial losses,
relative to the first task.
In print: Gama and Grassi 2025, "Uniform loss vs. specialized optimization", Tables 2 and 3, on the
same two tasks; the best adaptive method there, CAGrad, has -2.14.
They train on 50,000 pictures reduced to 28×28, for 100 epochs, ten runs of the best of 42 settings
of learning rate and dropout each; their losses are not divided by anything.
"""


def render(all_figures: Iterable[Figures]) -> str:
    """Return the tables of the settings that have finished.

    Args:
        all_figures: The figures of each setting.
    """
    parts = [_section(figures) for figures in all_figures]
    return "\n".join([*parts, _LEGEND]) if parts else "No sweep has finished.\n"


def _section(figures: Figures) -> str:
    lines = [
        f"### {figures.setting.title}\n",
        f"Expected: {figures.setting.expected}.\n",
        _table(figures),
        f"Verdict of the sweep: {figures.verdict}\n",
        _sizes(figures),
    ]
    if figures.missing:
        lines.append(f"Not finished: {', '.join(figures.missing)}.\n")
    return "\n".join(lines)


def _sizes(figures: Figures) -> str:
    config = figures.config
    data, search = config.data.arguments, config.search
    return (
        f"{data['train']:,} pictures of 36×36 to train on, {config.training.epochs} epochs a "
        f"trial, {search.trials} trials an arm, no dropout, {search.finalists.seeds} fresh seeds "
        f"of the best of each, {data['test']:,} test items; {figures.epochs:,} epochs in all, in "
        f"{figures.seconds / 60:.0f} minutes.\n"
    )


def _table(figures: Figures) -> str:
    names = [key.removeprefix("test/").replace("/", " ") for key in _keys(figures.reference)]
    heading = ["method", *names, "Δm by task", "Δm", "in print", "skill", "weights", "lr", "trials"]
    separate = ["tuned separate networks", *_metrics(figures.reference, figures.reference)]
    separate += ["–"] * (len(heading) - len(separate) - 1) + [str(figures.reference_trials)]
    lines = [heading, ["---"] * len(heading), separate]
    lines += [_cells(row, figures.reference) for row in figures.rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(row: Row, reference: Mapping[str, float]) -> list[str]:
    return [
        row.title,
        *_metrics(row.test, reference),
        " / ".join(f"{100 * gain:+.2f}" for gain in row.tasks.values()),
        _with_range(row.delta_m),
        _printed(row.printed),
        _skill(row),
        "adaptive" if row.weights is None else " : ".join(f"{w:.2f}" for w in row.weights),
        "–" if row.learning_rate is None else f"{row.learning_rate:.4f}",
        str(row.trials),
    ]


def _keys(reference: Mapping[str, float]) -> list[str]:
    return [key for key in reference if not key.endswith("/loss")]


def _metrics(test: Mapping[str, float], reference: Mapping[str, float]) -> list[str]:
    return [f"{test[key]:.4f}" for key in _keys(reference)]


def _with_range(values: Sequence[float]) -> str:
    mean = statistics.fmean(values)
    return f"{100 * mean:+.2f} ({100 * min(values):+.2f} … {100 * max(values):+.2f})"


def _printed(printed: Sequence[float]) -> str:
    if not printed:
        return "–"
    *tasks, mean = printed
    by_task = " / ".join(f"{gain:+.2f}" for gain in tasks)
    return f"{mean:+.2f} ({by_task})" if by_task else f"{mean:+.2f}"


def _skill(row: Row) -> str:
    mean = f"{100 * row.skill.gain.mean:+.2f}"
    if row.skill.interval is None:
        return mean
    low, high = row.skill.interval
    return f"{mean} ({100 * low:+.2f} … {100 * high:+.2f})"
