"""The page `docs/gallery.md`, from the shipped configs and from sweeps that have been run.

    .venv/bin/python -m tests.benchmarks.gallery
    .venv/bin/python -m tests.benchmarks.gallery --store penguins runs/penguins
    MTL_DATA=../shared/data .venv/bin/python -m tests.benchmarks.gallery --draw penguins faces

`--store` keeps what a finished sweep of a shipped config came to, in `docs/gallery/NAME.json`.
`--draw` draws the networks of configs into `docs/images/networks`; it needs their data. The page is
made from these files and from the comments that open the configs, so it is the same everywhere.
"""

from __future__ import annotations

import argparse
import json
import re
import textwrap
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import mtl_search
from mtl_search.report.export import to_json
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
_HEAD = """# Gallery

Every config that is shipped: what it trains, its command, its network, and what came out. The
verdict is the sentence with which the sweep ended, with the values that the config has, on two CPU
cores. Where a config was not run whole with this version, the page says so.

"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Store a sweep or draw networks where asked to, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", nargs=2, metavar=("NAME", "SWEEP"), help="a finished sweep")
    parser.add_argument("--draw", nargs="+", metavar="NAME", default=[], choices=TITLES)
    options = parser.parse_args(arguments)
    if options.store:
        _store(options.store[0], Path(options.store[1]))
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


def _store(name: str, sweep: Path) -> None:
    """Keep what a finished sweep came to."""
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
    STORED.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (STORED / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
