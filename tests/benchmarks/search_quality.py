"""How much a search finds, and how soon: the default one against random search at equal epochs.

    .venv/bin/python -m tests.benchmarks.search_quality --seeds 5 --jobs 2 --out quality.md
    .venv/bin/python -m tests.benchmarks.search_quality --cases penguins --seeds 1
    .venv/bin/python -m tests.benchmarks.search_quality \
        --method "tpe 5" search.arms=[equal,search] search.sampler.n_startup_trials=5

Every search is a sweep of the product: its arms, studies, schedulers and trainer, without
single-task arms, in one process and without Ray. Data sets and networks are those of the shipped
configs, made small (`tests.benchmarks.quality.cases`), and planted ones. A seed draws the split,
which is the same for all searches. What else is drawn differs between them: the trials that TPE
begins with would be those of random search otherwise.

    own default    the arms `equal` and `search` with the default sampler and scheduler
    random         the arm `search` alone at random, every trial to its end; with twice the trials,
                   so that the expected best of as many epochs is steadier, and its pick from the
                   first half

The table and the picture show the best validation objective by epochs: of random search what is
expected (Dodge et al. 2019), of the others the mean over seeds. Validation values flatter the
search that tries more, so the configuration that a search picks is trained on fresh seeds, too, and
judged on the test split. `optimism` is what its own validation value promised beyond that.

Finished searches are in the file of results, a line of JSON each; the same command goes on where it
was interrupted. The faces and the census are looked for in $MTL_DATA, as their configs say.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mtl_search.config import override
from tests.benchmarks.command_line import append_line, finished_jobs, names_of
from tests.benchmarks.quality.cases import CASES, METHODS, RANDOM, sweep_config
from tests.benchmarks.quality.figures import draw, table
from tests.benchmarks.quality.sweep import Job, Run, read_runs, search


def main() -> None:
    """Run the searches that are missing, print the table and draw the picture."""
    arguments = _arguments()
    jobs = planned_jobs(arguments)
    known = {run.job.key: run for run in read_runs(arguments.results)}
    missing = [job for job in jobs if job.key not in known]
    print(f"{len(jobs) - len(missing)} of {len(jobs)} searches are in {arguments.results}")
    known |= {run.job.key: run for run in run_all(missing, arguments.jobs, arguments.results)}
    runs = [known[job.key] for job in jobs]
    text = table(runs)
    print(f"\n{text}")
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    draw(runs, arguments.picture)


def planned_jobs(arguments: argparse.Namespace) -> list[Job]:
    """Return the searches that the command asks for: the first seed of each case comes first."""
    methods = dict(METHODS)
    for name, *overrides in arguments.method:
        methods[name] = dict(map(_override, overrides))
    return [
        Job(
            case,
            method,
            overrides,
            seed,
            trials=CASES[case].trials * (arguments.random if method == RANDOM else 1),
            pick_from=CASES[case].trials,
            fresh=arguments.fresh,
        )
        for seed in range(arguments.seeds)
        for case in arguments.cases
        for method, overrides in methods.items()
    ]


def run_all(jobs: Sequence[Job], processes: int, results: Path) -> list[Run]:
    """Run searches in processes of their own, and print and append each as it ends.

    Args:
        jobs: The searches.
        processes: How many run at a time.
        results: The file that runs are appended to.
    """
    runs: list[Run] = []
    for _, future in finished_jobs(run_job, jobs, processes):
        run = future.result()
        append_line(results, run.to_json())
        runs.append(run)
        print(f"{len(runs)} of {len(jobs)}: {_line(run)}", flush=True)
    return runs


def run_job(job: Job) -> Run:
    """Run one search."""
    config, data = CASES[job.case].load(job.seed)
    own_seed = zlib.crc32(f"{job.method} {job.seed}".encode())
    config = override(sweep_config(config, job.overrides, job.trials), {"seed": own_seed})
    return search(config, data, job)


def _line(run: Run) -> str:
    job = run.job
    return (
        f"{job.case}, {job.method}, seed {job.seed}: {sum(run.epochs)} epochs in "
        f"{run.seconds:.0f} s, best {100 * run.picked:.1f}"
    )


def _override(text: str) -> tuple[str, Any]:
    path, separator, value = text.partition("=")
    if not separator:
        raise SystemExit(f"PATH=VALUE is needed, not {text!r}")
    return path, yaml.safe_load(value)


def _arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.search_quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=5, help="seeds of each case (default: 5)")
    parser.add_argument(
        "--cases",
        type=names_of(CASES, "case"),
        default=list(CASES),
        help="such as digits,census (default: all)",
    )
    parser.add_argument("--jobs", type=int, default=1, help="searches at a time (default: 1)")
    parser.add_argument(
        "--fresh", type=int, default=5, help="fresh seeds of what is picked (default: 5)"
    )
    parser.add_argument(
        "--random", type=int, default=2, help="trials of random search for each (default: 2)"
    )
    parser.add_argument(
        "--method",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "PATH=VALUE"),
        help="a further search: its name, and what it changes; may be repeated",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("runs/search_quality.jsonl"),
        help="file of finished searches (default: runs/search_quality.jsonl)",
    )
    parser.add_argument("--out", type=Path, help="file for the table, as Markdown")
    parser.add_argument(
        "--picture",
        type=Path,
        default=Path("runs/search_quality.png"),
        help="file for the curves (default: runs/search_quality.png)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
