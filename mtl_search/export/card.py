"""The model card: README.md beside an exported model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

Format = Literal["onnx", "torch"]

_MAX_LISTED = 8

# `prepared` are the inputs as mappings of name → array.
_LOAD = {
    "onnx": """\
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
names = [output.name for output in session.get_outputs()]
predictions = dict(zip(names, session.run(names, prepared)))
""",
    "torch": """\
import json, pathlib, torch

interface = json.loads(pathlib.Path("interface.json").read_text())
run = torch.export.load("model.pt2").module()
tensors = [torch.as_tensor(prepared[given["name"]]) for given in interface["inputs"]]
predictions = dict(zip([o["name"] for o in interface["outputs"]], run(*tensors)))
""",
}

_PREPARE = """\
import json, pathlib
from mtl_search.data.preparation.stored import read_preparation

interface = json.loads(pathlib.Path("interface.json").read_text())
views = {given["view"] for given in interface["inputs"]}
rows = read_preparation("preprocessing.json").for_views(views).transform(raw)
prepared = {
    given["name"]: (rows.masks if given["is_mask"] else rows.inputs)[given["view"]]
    for given in interface["inputs"]
}
"""

TABLE = '''\
import json, pathlib, unicodedata
import numpy as np

def category(cell):
    """Return the name of a category, which is the same for 1, 1.0 and "1.0", but not for 01."""
    text = unicodedata.normalize("NFC", str(cell)).strip()
    try:
        number = float(text)
    except ValueError:
        return text
    is_code = text.lstrip("+-")[:1] == "0" and text.lstrip("+-")[1:2].isdigit()
    if is_code or "_" in text or not text.isascii() or not abs(number) < 2**53:
        return text
    return str(int(number)) if number.is_integer() else repr(number)

def prepare(rows, file="preprocessing.json"):
    """Turn rows, mappings of numbers, texts and None, into the view `table` (N, W)."""
    columns = []
    for column in json.loads(pathlib.Path(file).read_text())["fitted"]["columns"]:
        cells = [row[column["name"]] for row in rows]
        if column["kind"] == "number":
            values = np.array([np.nan if cell is None else cell for cell in cells], float)
            missing = np.isnan(values)
            scaled = (values - column["mean"]) / column["deviation"]
            columns += [np.where(missing, 0, scaled)] + [missing] * column["indicator"]
        else:
            known = column["categories"]
            cells = [None if cell is None else category(cell) for cell in cells]
            columns += [[cell == name for cell in cells] for name in known]
            columns += [[cell not in known for cell in cells]]  # other, or missing
    return {"table": np.array(columns, np.float32).T}
'''

VITERBI = '''\
import numpy as np

def decode(emissions, crf):
    """Return the most likely tags of each sentence (T, K); padding is -inf and gets -1."""
    transitions, tags = np.array(crf["transitions"]), np.full(emissions.shape[:2], -1)
    for row, sentence in enumerate(emissions):
        real = np.flatnonzero(np.isfinite(sentence[:, 0]))
        if real.size == 0:
            continue
        score, origins = crf["start"] + sentence[real[0]], []
        for token in real[1:]:
            steps = score[:, None] + transitions
            origins.append(steps.argmax(0))
            score = steps.max(0) + sentence[token]
        path = [int((score + crf["end"]).argmax())]
        for origin in reversed(origins):
            path.append(int(origin[path[-1]]))
        tags[row, real] = path[::-1]
    return tags
'''


def card(
    form: Format,
    described: Mapping[str, Any],
    info: Mapping[str, Any],
    preparation: Mapping[str, Any] | None,
    difference: float,
) -> str:
    """Return the text of the card.

    Args:
        form: The format of the model's file.
        described: Inputs and outputs, from `interface`.
        info: What is known of the model: sweep, verdict, metrics.
        preparation: What is stored of the preparation; None: nothing is.
        difference: The largest difference from the network, as it was checked.

    Examples:
        >>> text = card("onnx", {"inputs": [], "outputs": []}, {"sweep": "faces"}, None, 2e-7)
        >>> text.splitlines()[0], "Licence" in text
        ('# faces', True)
    """
    licence = (
        "Not said. Whoever publishes this model fills it in; the licences of the data and of "
        "pretrained weights count as well."
    )
    outputs = described["outputs"]
    tasks = [output for output in outputs if output["name"] == output["task"]]
    sections = [
        f"# {info.get('sweep') or 'Model'}",
        _about(info, [task["name"] for task in tasks]),
        "## Tasks\n\n" + _table(["task", "kind", "output", "classes"], map(_task_row, tasks)),
        _data(info),
        _results(info),
        _limits(info, difference),
        _how_to_load(form, described, preparation),
        *_decoding(tasks),
        f"## Licence\n\n{licence}",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _about(info: Mapping[str, Any], tasks: Sequence[str]) -> str:
    kind = info.get("kind", "network")
    lines = [f"A {kind} that predicts {', '.join(f'`{task}`' for task in tasks)}."]
    if info.get("kind") == "separate networks":
        lines = [f"Separate networks that predict {', '.join(f'`{task}`' for task in tasks)}."]
    if info.get("reason"):
        lines.append(f"It was chosen because {info['reason']}.")
    if info.get("verdict"):
        lines.append(f"Verdict of the sweep: {info['verdict']}")
    return " ".join(lines)


def _task_row(task: Mapping[str, Any]) -> list[str]:
    classes = task.get("classes", [])
    listed = [f"{number} = {name}" for number, name in enumerate(classes[:_MAX_LISTED])]
    if task.get("kind") == "binary" and len(listed) == 2:
        listed[1] += " (positive)"
    shown = ", ".join(listed)
    if len(classes) > _MAX_LISTED:
        shown += f" and {len(classes) - _MAX_LISTED} more"
    return [task["name"], task.get("kind", ""), task["meaning"], shown]


def _data(info: Mapping[str, Any]) -> str:
    data = info.get("data") or {}
    if not data:
        return "## Data\n\nNothing is recorded of the data set."
    lines = [f"Data set: `{data.get('name', 'not named')}`."]
    if data.get("digest"):
        lines.append(f"Digest of its content: `{data['digest']}`.")
    text = "## Data\n\n" + " ".join(lines)
    counted = [_counted(target, pairs) for target, pairs in (data.get("classes") or {}).items()]
    if counted:
        text += "\n\n" + _table(["target", "classes in the training split"], counted)
    return text


def _counted(target: str, pairs: Sequence[Sequence[Any]]) -> list[str]:
    shown = ", ".join(f"{name}: {count}" for name, count in pairs[:_MAX_LISTED])
    more = len(pairs) - _MAX_LISTED
    return [target, f"{shown} and {more} more" if more > 0 else shown]


def _results(info: Mapping[str, Any]) -> str:
    metrics = info.get("metrics") or {}
    if not metrics:
        return ""
    rows = []
    for name, value in metrics.items():
        low, high = value.get("low"), value.get("high")
        interval = "" if low is None or high is None else f"{low:.4g} … {high:.4g}"
        rows.append([name, f"{value['mean']:.4g}", interval, str(value.get("seeds", 1))])
    note = "Over networks of the same settings with other random seeds; this model is one of them."
    if not any(value.get("seeds", 1) > 1 for value in metrics.values()):
        note = "Of this model, once."
    table = _table(["metric", "mean", "95 % interval", "networks"], rows)
    return f"## Results on the test split\n\n{table}\n\n{note}"


def _limits(info: Mapping[str, Any], difference: float) -> str:
    checked = (
        "The exported file was compared with the network at batch sizes 1, 2 and 7 on the CPU: the "
        f"largest difference is {difference:.1g}."
    )
    tested = (
        "The test split is of the same source as the training data; nothing is known of other "
        "sources, and nothing was done about unfairness to groups."
    )
    lines = [checked, tested, *(f"{note}." for note in info.get("notes", ()))]
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _how_to_load(
    form: Format, described: Mapping[str, Any], preparation: Mapping[str, Any] | None
) -> str:
    rows = [
        [given["name"], given["dtype"], "(" + ", ".join(map(str, given["shape"])) + ")"]
        for given in described["inputs"]
    ]
    text = (
        "## How to load it\n\n`interface.json` describes inputs and outputs in their order, "
        "`preprocessing.json` how raw rows become inputs.\n\n"
        + _table(["input", "type", "shape"], rows)
        + f"\n\n```python\n{_LOAD[form]}```"
    )
    if preparation is None:
        return text + "\n\nThe preparation of raw rows is not known."
    if preparation.get("name") == "table":
        how = f"Rows of a table are prepared without mtl_search by\n\n```python\n{TABLE}```"
        return f"{text}\n\n{how}"
    how = f"With mtl_search, raw rows are prepared by\n\n```python\n{_PREPARE}```"
    return f"{text}\n\n{how}"


def _decoding(tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    if not any("crf" in task for task in tasks):
        return []
    text = (
        "## How to decode tags\n\nThe best tags of a sentence are found by Viterbi's algorithm, "
        "from the emissions and from `crf` of the output in `interface.json`:\n\n"
    )
    return [f"{text}```python\n{VITERBI}```"]


def _table(names: Sequence[str], rows: Any) -> str:
    lines = []
    for row in [names, ["---"] * len(names), *rows]:
        cells = " | ".join(cell.replace("|", "\\|") for cell in row)
        lines.append(f"| {cells} |")
    return "\n".join(lines)
