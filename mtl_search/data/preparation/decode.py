"""Predictions as a reader wants them: names of classes, values, parts of the text.

N rows, C classes, T tokens
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mtl_search.data.dataset import Target
from mtl_search.data.preparation.base import TokenText
from mtl_search.data.types import Array

# Above it, a binary outcome or a label is predicted, as in the metrics.
THRESHOLD = 0.5


def decode(
    task: str, target: Target, predicted: Array, texts: Sequence[TokenText] | None = None
) -> dict[str, Any]:
    """Return the columns of a task.

    Args:
        task: The name of the task.
        target: Its target, whose values are not looked at.
        predicted: What the network's head predicts: (N, C) probabilities of a class, (N,) of a
            binary target, (N, L) of labels; (N,) values or (N, L) vectors; or (N, T) tags.
        texts: The sentences of the rows, where they are some.

    Returns:
        Column → N values. `<task>` has the name of the class, the names of all labels, the value
        or the spans; `<task>:<class>` the probability, and `<task>:<element>` that of a vector.

    Examples:
        >>> target = Target(np.array([0, 1]), "class", ("cat", "dog"))
        >>> columns = decode("animal", target, np.array([[0.25, 0.75]]))
        >>> columns["animal"].tolist(), columns["animal:cat"].tolist()
        (['dog'], [0.25])
    """
    classes = target.classes
    if target.kind == "real":
        return {task: predicted}
    if target.kind == "tags":
        return {task: decode_tags(predicted, classes, texts)}
    if target.kind == "binary":
        names = classes or ("0", "1")
        chosen = (predicted > THRESHOLD).astype(np.int64)
        return {task: _named(names, chosen), f"{task}:{names[1]}": predicted}
    columns = {f"{task}:{name}": predicted[:, k] for k, name in enumerate(classes)}
    if target.kind == "class":
        return {task: _named(classes, predicted.argmax(1)), **columns}
    if target.kind == "multilabel":
        labels = [_labels(row, classes) for row in predicted > THRESHOLD]
        return {task: labels, **columns}
    return columns


def decode_tags(
    tags: Array, names: Sequence[str], texts: Sequence[TokenText] | None = None
) -> list[list[dict[str, Any]]]:
    """Return the entities of every sentence.

    An entity begins at `B-kind`, or at an `I-kind` that follows nothing of its kind, and goes on
    over `I-kind`, as in the metric `span_f1`. Any other tag but `O` is a kind by itself.

    Args:
        tags: (N, T) tags, -1 at padding.
        names: The names of the tags.
        texts: The sentences. Without them, `start` and `end` count tags.

    Returns:
        For each sentence its entities, as `{"start", "end", "text", "tag"}`: characters of the
        text as it was given, or tokens where tokens were given.

    Examples:
        >>> decode_tags(np.array([[0, 1, 2, -1]]), ["O", "B-name", "I-name"])
        [[{'start': 1, 'end': 3, 'tag': 'name'}]]
    """
    sentences = []
    for row, sentence in enumerate(tags):
        text = None if texts is None else texts[row]
        positions = range(len(sentence)) if text is None else text.positions
        of_tokens = [int(sentence[k]) if k >= 0 else -1 for k in positions]
        runs = _runs(of_tokens, names)
        sentences.append([_entity(first, last, kind, text) for first, last, kind in runs])
    return sentences


def label_of(target: Target, predicted: Array) -> Array:
    """Return the number of the predicted class of each row, (N,), of a class or binary target."""
    if target.kind == "binary":
        return np.asarray(predicted > THRESHOLD, np.int64)
    return np.asarray(predicted.argmax(1))


def outputs_of(task: str, target: Target, *, is_ensemble: bool = False) -> dict[str, str]:
    """Return the columns that `decode` gives for a task, with the types of their values.

    Args:
        task: The name of the task.
        target: Its target, whose values are not looked at.
        is_ensemble: Whether several networks predict it, so that there is a spread.

    Examples:
        >>> outputs_of("animal", Target(np.array([0, 1]), "class", ("cat", "dog")))
        {'animal': 'str', 'animal:cat': 'float32', 'animal:dog': 'float32'}
    """
    types: Mapping[str, str] = {"real": "float32", "tags": "spans", "multilabel": "labels"}
    names = target.classes
    if target.kind == "binary":
        names = (target.classes or ("0", "1"))[1:2]
    columns = {} if target.kind == "vector" else {task: types.get(target.kind, "str")}
    if target.kind in ("class", "binary", "multilabel", "vector"):
        columns |= {f"{task}:{name}": "float32" for name in names}
    if is_ensemble and target.kind != "tags":
        columns[f"{task}:spread"] = "float32"
    return columns


def _named(names: Sequence[str], numbers: Array) -> Any:
    """Return the names that numbers stand for, as pandas holds texts.

    To make them of a list of Python's texts takes it ten times as long.
    """
    import pandas as pd

    return pd.Index(list(names)).take(numbers)


def _labels(chosen: Array, classes: Sequence[str]) -> list[str]:
    return [name for name, is_chosen in zip(classes, chosen, strict=True) if is_chosen]


def _runs(tags: Sequence[int], names: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return first token, last token and kind of every entity.

    Tokens without a tag (-1) are left out, and their neighbours become adjacent.
    """
    runs: list[tuple[int, int, str]] = []
    previous = "O"
    for token, tag in enumerate(tags):
        if tag < 0:
            continue
        prefix, _, rest = names[tag].partition("-")
        has_prefix = prefix in ("B", "I") and bool(rest)
        kind = rest if has_prefix else names[tag]
        if kind != "O":
            begins = (has_prefix and prefix == "B") or kind != previous
            if begins:
                runs.append((token, token, kind))
            else:
                runs[-1] = (runs[-1][0], token, kind)
        previous = kind
    return runs


def _entity(first: int, last: int, kind: str, text: TokenText | None) -> dict[str, Any]:
    if text is None:
        return {"start": first, "end": last + 1, "tag": kind}
    start = text.starts[first]
    end = text.stops[last]
    words = text.text[start:end] if text.text else " ".join(text.tokens[first : last + 1])
    for mark in ("<e1>", "</e1>", "<e2>", "</e2>"):
        words = words.replace(mark, "")
    return {"start": start, "end": end, "text": words, "tag": kind}
