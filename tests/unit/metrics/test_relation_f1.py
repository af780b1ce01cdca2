"""The relation score against output of the official scorer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mtl_search.data.readers.semeval_text import DIRECTED, UNDIRECTED
from mtl_search.metrics.compute import compute
from mtl_search.metrics.relation_f1 import relation_f1

# Two runs of semeval2010_task8_scorer-v1.2.pl as their authors published them: the confusion matrix
# of the evaluation "(9+1)-way, taking directionality into account", rows the answer and columns the
# proposal in the order of UNDIRECTED; right relations in the wrong direction stand apart (xDIRx);
# then F1 of each relation and the official score.
PUBLISHED = {
    69.10: (
        """
        263    1    0    1   11    3    3    2    3   20
          2  187    9    6    4    7   11    7    4   34
          0    6  156    8    6    0    2    0    1    5
          0    1   16  256    2    1    0    2    3    8
          4    1    2    7  190    2    4    2    7   26
          2   12    1    1    3   80    2    6    7   35
          0   11    1    1    3    2  176    4    6   17
          0    7    1    3    0    3    2  179   14   27
          7    8    0    5    9    8    5    8  132   28
         15   49   25   30   43   20   41   38   30  163
        """,
        [21, 41, 8, 3, 13, 7, 12, 25, 21, 0],
        [81.93, 58.81, 75.91, 83.52, 70.11, 55.36, 71.69, 67.04, 57.52],
    ),
    83.25: (
        """
        300    0    0    0    4    1    0    2    2   12
          1  235    5    1    1   11   11    6    3   29
          0    5  160    7    2    0    1    1    1   11
          0    2    7  264    0    0    0    1    1   16
          3    1    1    4  226    1    0    1    3   16
          0    4    1    1    1  118    0    4    5   21
          0    4    0    0    2    0  206    1    0   19
          1    5    0    1    2    0    2  229    1   19
          5    1    2    0    4    9    0    3  177   27
         16   25   18   23   27   24   29   33   26  231
        """,
        [3, 8, 4, 1, 1, 0, 0, 1, 2, 0],
        [91.88, 78.20, 82.05, 88.89, 85.77, 73.98, 85.65, 84.35, 78.49],
    ),
}


def _answers(text: str, wrong_direction: list[int]) -> tuple[list[str], list[str]]:
    """Relations with their direction that give a published matrix: right ones are e1,e2."""
    matrix = np.array([line.split() for line in text.strip().splitlines()], int)
    gold, proposed = [], []
    for row, answer in enumerate(UNDIRECTED):
        for column, proposal in enumerate(UNDIRECTED):
            count = matrix[row, column]
            gold += [_directed(answer, 0)] * count
            proposed += [_directed(proposal, 0 if row == column else k % 2) for k in range(count)]
        gold += [_directed(answer, 1)] * wrong_direction[row]
        proposed += [_directed(answer, 0)] * wrong_direction[row]
    return gold, proposed


def _directed(relation: str, order: int) -> str:
    return relation if relation == "Other" else f"{relation}({('e1,e2', 'e2,e1')[order]})"


def _score(gold: list[str], proposed: list[str], names: tuple[str, ...] = DIRECTED) -> float:
    number = {name: k for k, name in enumerate(names)}
    probabilities = torch.nn.functional.one_hot(
        torch.tensor([number[x] for x in proposed]), len(names)
    ).float()
    return float(relation_f1(probabilities, torch.tensor([number[x] for x in gold]), names))


@pytest.mark.parametrize("official", PUBLISHED)
def test_published_output_of_the_official_scorer(official: float) -> None:
    gold, proposed = _answers(*PUBLISHED[official][:2])
    assert len(gold) in (2717, 2706)
    assert round(100 * _score(gold, proposed), 2) == official


@pytest.mark.parametrize("official", PUBLISHED)
def test_published_f1_of_each_relation(official: float) -> None:
    gold, proposed = _answers(*PUBLISHED[official][:2])
    for relation, wanted in zip(UNDIRECTED, PUBLISHED[official][2], strict=False):
        # All but one relation become Other, so that one is the mean.
        gold_alone, proposed_alone = (
            [x if x.startswith(relation) else "Other" for x in answers]
            for answers in (gold, proposed)
        )
        assert round(100 * _score(gold_alone, proposed_alone), 2) == wanted


@pytest.mark.parametrize(
    ("gold", "proposed", "wanted"),
    [
        # One of two right, and the one in the wrong direction counts as proposed: P 1/2, R 1/2.
        (["Cause-Effect(e1,e2)"] * 2, ["Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)"], 1 / 2),
        # Other taken for a relation costs precision: P 1/2, R 1.
        (["Cause-Effect(e1,e2)", "Other"], ["Cause-Effect(e1,e2)"] * 2, 2 / 3),
        # A relation taken for Other costs recall; Other itself does not count, however right it is.
        (
            ["Cause-Effect(e1,e2)"] * 2 + ["Other"] * 9,
            ["Cause-Effect(e1,e2)"] + ["Other"] * 10,
            2 / 3,
        ),
        # A mean over relations and not over samples or directions: 1 and 0.
        (
            ["Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Message-Topic(e1,e2)"],
            ["Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Other"],
            1 / 2,
        ),
        # A relation that never occurs is not in the mean, only proposed.
        (["Cause-Effect(e1,e2)", "Other"], ["Cause-Effect(e1,e2)", "Message-Topic(e1,e2)"], 1.0),
    ],
)
def test_worked_examples(gold: list[str], proposed: list[str], wanted: float) -> None:
    assert _score(gold, proposed) == pytest.approx(wanted)


def test_without_direction_it_is_the_macro_f1() -> None:
    gold, proposed = _answers(*PUBLISHED[69.10][:2])
    plain_gold, plain_proposed = ([x.partition("(")[0] for x in y] for y in (gold, proposed))
    # The same scorer's macro-F1 of "(9+1)-way evaluation ignoring directionality".
    assert round(100 * _score(plain_gold, plain_proposed, UNDIRECTED), 2) == 75.47


def test_missing_relations_do_not_count_and_none_at_all_is_undefined() -> None:
    probabilities = torch.eye(19)[[0, 1]]
    assert relation_f1(probabilities, torch.tensor([0, -1]), DIRECTED) == 1
    assert math.isnan(relation_f1(probabilities, torch.tensor([18, 18]), DIRECTED))
    assert math.isnan(relation_f1(probabilities, torch.tensor([-1, -1]), DIRECTED))


def test_by_name_of_the_metric() -> None:
    probabilities, target = torch.eye(19)[[0, 1]], torch.tensor([0, 0])
    assert compute(
        "relation_f1", probabilities, target, "class", 19, names=DIRECTED
    ) == pytest.approx(0.5)
