from __future__ import annotations

from pathlib import Path

from mtl_search.analysis.evidence import Evidence
from mtl_search.config import load_config
from mtl_search.storage.journal import read_record

FOLDER = Path("tests/fixtures/sweeps/v0_1_finished")


def test_the_winner_of_an_arm_is_the_configuration_of_its_finalists() -> None:
    record = read_record(FOLDER / "journal.jsonl")
    evidence = Evidence.of(record, load_config(FOLDER / "config.yaml"), FOLDER)
    for trial in evidence.winners():
        selected = evidence.verdict.winners.get(trial.arm)
        assert selected is None or selected.origin == trial.id
