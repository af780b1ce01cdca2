"""Lines of version 0.1 are read with the names of today."""

from __future__ import annotations

from pathlib import Path

from mtl_search.storage.earlier_versions import upgrade
from mtl_search.storage.journal import read_record


def test_arms_roles_and_paths_have_their_new_names() -> None:
    line = {
        "event": "trial",
        "arm": "seed/my_module:Mine",
        "role": "final",
        "params": {"training.lr_factors.heads": 2.0, "training.optimizer.lr": 0.1},
        "distributions": {"training.lr_factors.heads": "{}"},
        "overrides": {"training.samples": 50, "tasks.left.beside": {}},
        "budget": {"seed/uw": 1, "search": 4},
        "id": "seed-my_module-Mine-0000",
    }
    assert upgrade(line) == {
        "event": "trial",
        "arm": "warmup/my_module:Mine",
        "role": "last",
        "params": {"training.lr_multipliers.heads": 2.0, "training.optimizer.lr": 0.1},
        "distributions": {"training.lr_multipliers.heads": "{}"},
        "overrides": {"training.max_samples_per_split": 50, "tasks.left.side_inputs": {}},
        "budget": {"warmup/uw": 1, "search": 4},
        "id": "seed-my_module-Mine-0000",
    }


def test_a_line_of_today_stays_and_the_given_one_is_left_alone() -> None:
    today = {"event": "trial", "arm": "final/search", "role": "last", "params": {"a": 1}}
    assert upgrade(today) == today
    old = {"event": "trial", "arm": "seed/uw", "params": {"training.samples": 1}}
    upgrade(old)
    assert old == {"event": "trial", "arm": "seed/uw", "params": {"training.samples": 1}}


def test_a_line_of_another_shape_stays() -> None:
    strange = {"event": "trial", "arm": None, "budget": 3, "params": ["a"], "role": None}
    assert upgrade(strange) == strange


def test_a_journal_may_have_lines_of_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    line = '{"event": "generation", "time": 1.0, "arm": "%s", "epoch": %d}\n'
    begin = '{"event": "sweep", "time": 0.5, "id": "ab12", "name": "toy"}\n'
    path.write_text(begin + line % ("seed/uw", 1) + line % ("warmup/uw", 2))
    assert read_record(path).generations == {"warmup/uw": 2}
