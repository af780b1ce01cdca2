"""The page `docs/gallery.md`, from the shipped configs and from sweeps that have been run.

    .venv/bin/python -m tests.benchmarks.gallery
    .venv/bin/python -m tests.benchmarks.gallery --store penguins runs/penguins
    MTL_DATA=../shared/data .venv/bin/python -m tests.benchmarks.gallery --draw penguins faces
    MTL_DATA=../shared/data .venv/bin/python -m tests.benchmarks.gallery --run census runs/census

`--store` keeps what a finished sweep of a shipped config came to, in `docs/gallery/NAME.json`.
`--run` runs a large config small, by the settings in `SMALL`: trial after trial in this process
with one thread, without Ray, without early stopping and without MLflow. It goes on with a sweep
that was stopped, and stores one that has ended, with its settings.
`--draw` draws the networks of configs into `docs/images/networks`; it needs their data. The page is
made from these files and from the comments that open the configs, so it is the same everywhere.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import textwrap
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import mtl_search
from mtl_search.report.export import to_json
from mtl_search.search.sweep import SweepSession
from tests.support.local_sweep import RunnerTraining, checked_sweep, run_trials
from tests.support.repository import CONFIGS, REPOSITORY

PAGE = REPOSITORY / "docs" / "gallery.md"
STORED = REPOSITORY / "docs" / "gallery"
PICTURES = REPOSITORY / "docs" / "images" / "networks"
_WIDTH = 100
_COMMAND = re.compile(r"    ([A-Z_]+=\S+ )*(mtl-search|python) ")

# Config → title; the order of the page.
TITLES = {
    "quickstart": "Digits from few labels, with attributes",
    "digit_pairs": "Pairs of digits",
    "penguins": "Penguins",
    "faces": "Faces",
    "siamese_pairs": "Pairs of garments",
    "category_age": "Category and age of garments",
    "two_sources": "Two sources of data",
    "tox21": "Toxic effects of molecules",
    "census": "Census",
    "relation_entities": "Relations and entities",
    "relation_entities_strict": "Relations and entities, strict",
    "relation_transformer": "Relations and entities by a transformer",
}
# Config → the section of benchmarks.md with figures of earlier runs.
_EARLIER = {
    "faces": "faces",
    "siamese_pairs": "pairs-of-garments",
    "category_age": "category-and-age-of-garments",
    "census": "tox21-and-census",
    "relation_entities": "relations-between-entities-semeval-2010-task-8",
    "relation_entities_strict": "relations-between-entities-semeval-2010-task-8",
    "relation_transformer": "relations-between-entities-semeval-2010-task-8",
}
# Config → settings with which it takes minutes on a busy core.
_FEW = ["search.finalists={top: 1, seeds: 3, max_seeds: 3}"]
_SENTENCES = ["training.max_samples_per_split=400", "training.epochs=5", "search.trials=2"]
SMALL = {
    "faces": ["training.epochs=25", "search.trials=6"],
    "siamese_pairs": [
        "model.backbone={name: convnet, channels: [16, 32, 64]}",
        "tasks.same.head.margin=3",
        "tasks.same.head.scale=1",
        *(f"data.{split}" for split in ("train=1500", "validation=500", "test=1000")),
        "training.epochs=4",
        "search.trials=3",
    ],
    "category_age": [
        "model.backbone.model=resnet10t",
        "data.size=32",
        "training.epochs=3",
        "search.trials=3",
    ],
    "census": ["training.epochs=3", "search.trials=4"],
    "relation_entities": _SENTENCES,
    "relation_entities_strict": _SENTENCES,
    "relation_transformer": [
        "training.max_samples_per_split=100",
        "data.length=48",
        "training.epochs=2",
        "search.trials=2",
    ],
}
_HEAD = """# Gallery

Every config that is shipped: what it trains, its command, its network, and what came out. The
verdict is the sentence with which the sweep ended, with the values that the config has, on two CPU
cores. A config that takes longer than that was run small, trial after trial in one process, and the
page says with which settings: read its verdict as an example, not as what the data have to say.

"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Store a sweep or draw networks where asked to, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", nargs=2, metavar=("NAME", "SWEEP"), help="a finished sweep")
    parser.add_argument("--run", nargs=2, metavar=("NAME", "SWEEP"), help="a large config, small")
    parser.add_argument("--draw", nargs="+", metavar="NAME", default=[], choices=TITLES)
    options = parser.parse_args(arguments)
    if options.store:
        _store(options.store[0], Path(options.store[1]))
    if options.run:
        name, sweep = options.run[0], Path(options.run[1])
        _run_small(name, sweep)
        _store(name, sweep, [*SMALL[name], *_FEW])
    for name in options.draw:
        PICTURES.mkdir(parents=True, exist_ok=True)
        # A part of the data says the shapes, and is read sooner.
        config = mtl_search.smoke(mtl_search.load_config(CONFIGS / f"{name}.yaml"))
        mtl_search.plot_model(config, PICTURES / f"{name}.svg")
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Return the page."""
    return _HEAD + "\n".join(_entry(name) for name in TITLES)


def _entry(name: str) -> str:
    texts, commands = _opening(name)
    lines = [f"## {TITLES[name]} {{ #{name} }}", ""]
    for text in texts:
        lines += [*_paragraph(text), ""]
    lines += [*(f"    {command}" for command in commands), ""]
    if (PICTURES / f"{name}.svg").exists():
        lines += [f"![The network of {name}.yaml](images/networks/{name}.svg)", ""]
    return "\n".join([*lines, *_outcome(name)]) + "\n"


def _outcome(name: str) -> Iterator[str]:
    stored = STORED / f"{name}.json"
    if not stored.exists():
        place = f"[benchmarks](benchmarks.md#{_EARLIER[name]})"
        yield from _paragraph(
            f"Not run whole with this version. Figures of earlier runs are in {place}."
        )
        return
    found = json.loads(stored.read_text(encoding="utf-8"))
    yield from _paragraph(found["sentence"], "> ")
    yield ""
    yield "| task | metric | constant | separate networks | nothing shared | recommended |"
    yield "|---|---|---|---|---|---|"
    for row in found["by_task"]:
        keys = ("trivial", "single", "twin", "shared")
        values = ("" if row[key] is None else f"{row[key]:.4f}" for key in keys)
        yield f"| {row['task']} | {row['metric']} | {' | '.join(values)} |"
    yield ""
    yield f"Test split, means over seeds; {found['trials']} trials, {found['date']}."
    if found.get("settings"):
        settings = " ".join(shlex.quote(setting) for setting in found["settings"])
        yield from ("", "Run small, with", "", f"    {settings}")
    if found.get("note"):
        yield from ("", *_paragraph(found["note"]))


def _opening(name: str) -> tuple[list[str], list[str]]:
    """Return the paragraphs and the commands of the comment that opens a config."""
    lines = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    end = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    comment = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[:end])
    commands, prose = [], ""
    for line in comment.replace("\\\n", " ").splitlines():
        words = " ".join(line.split())
        if _COMMAND.match(line):
            commands.append(words)
            prose = re.sub(r":\s*$", ". ", prose)
        elif not words:
            prose += "\n"
        else:
            prose += f"`{words}`. " if line.startswith("    ") else f"{words} "
    return [part for part in prose.splitlines() if part.strip()], commands


def _paragraph(text: str, indent: str = "") -> list[str]:
    # A star is one, and no emphasis; code spans keep theirs.
    parts = text.split("`")
    parts[::2] = [re.sub(r"([*<])", r"\\\1", part) for part in parts[::2]]
    return textwrap.wrap(
        "`".join(parts),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _run_small(name: str, sweep: Path) -> None:
    """Run a sweep of a config with the settings that make it small, or go on with it."""
    changes = [*SMALL[name], *_FEW, "tracking.enabled=false"]
    checked = checked_sweep(mtl_search.load_config(CONFIGS / f"{name}.yaml", changes), sweep)
    with SweepSession.open_folder(checked) as session:
        run_trials(session, RunnerTraining(checked.data, lambda trial: print(trial.id, flush=True)))


def _store(name: str, sweep: Path, settings: Sequence[str] = ()) -> None:
    """Keep what a finished sweep came to, and what it had in place of the config's settings."""
    result = mtl_search.Result(sweep)
    assert result.complete, f"{sweep} has not ended"
    lines = (sweep / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    report: dict[str, Any] = to_json(result.evidence)
    kept = ("task", "metric", "trivial", "single", "twin", "shared")
    found = {
        "date": time.strftime("%Y-%m-%d", time.gmtime(events[-1]["time"])),
        "trials": sum(event["event"] == "trial" for event in events),
        "sentence": report["verdict"]["sentence"],
        "by_task": [{key: row[key] for key in kept} for row in report["by_task"]],
    }
    if settings:
        found["settings"] = list(settings)
    STORED.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (STORED / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
