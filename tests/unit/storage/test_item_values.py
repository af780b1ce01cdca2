"""Item values as text and as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtl_search.storage import item_values

VALUES = {
    "left/accuracy": np.array([1.0, 0.0, 1.0]),
    "my task/auroc": np.array([0.25, -0.5, np.nan]),
}


def test_values_come_back_from_a_text() -> None:
    found = item_values.decode(item_values.encode(VALUES))
    assert found.keys() == VALUES.keys()
    for key, values in VALUES.items():
        assert found[key].dtype == np.float32
        assert found[key] == pytest.approx(values, nan_ok=True)
    assert item_values.decode("") == {}


def test_values_come_back_from_a_file(tmp_path: Path) -> None:
    assert item_values.read(tmp_path, "final-search-0000") == {}
    item_values.write(tmp_path, "final-search-0000", item_values.encode(VALUES))
    found = item_values.read(tmp_path, "final-search-0000")
    assert found["left/accuracy"].tolist() == [1, 0, 1]
    assert item_values.read(tmp_path, "final-search-0001") == {}
    (path,) = (tmp_path / "trials" / "final-search-0000").iterdir()
    assert path.name == "test_items.npz"
    item_values.write(tmp_path, "final-search-0000", item_values.encode({}))
    assert item_values.read(tmp_path, "final-search-0000") == {}


def test_scores_of_labels_stand_beside_the_items_and_do_not_mix_with_them(tmp_path: Path) -> None:
    scores: dict[str, dict[str, float]] = {
        "my task/positives": {"é": 3, "100": 0},
        "my task/f1": {"é": 0.5, "100": np.nan},
        "left/auroc": {"a/b": 0.75},
    }
    text = item_values.encode(VALUES, scores)
    assert item_values.decode(text).keys() == VALUES.keys()
    assert item_values.read_label_scores(tmp_path, "t") == {}
    item_values.write(tmp_path, "t", text)
    assert item_values.read(tmp_path, "t").keys() == VALUES.keys()
    found = item_values.read_label_scores(tmp_path, "t")
    assert found.keys() == scores.keys()
    for key, by_label in scores.items():
        assert found[key] == pytest.approx(by_label, nan_ok=True)
    item_values.write(tmp_path, "old", item_values.encode(VALUES))
    assert item_values.read_label_scores(tmp_path, "old") == {}


def test_nothing_is_written_of_a_trial_without_values(tmp_path: Path) -> None:
    item_values.write(tmp_path, "search-0000", "")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_values.write(tmp_path, "t", item_values.encode(VALUES))
    write_bytes = Path.write_bytes

    def half(self: Path, data: bytes) -> int:
        write_bytes(self, data[: len(data) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(KeyboardInterrupt):
        item_values.write(tmp_path, "t", item_values.encode({"other/r2": np.ones(3)}))
    assert item_values.read(tmp_path, "t").keys() == VALUES.keys()
    assert [path.name for path in (tmp_path / "trials" / "t").iterdir()] == ["test_items.npz"]


def test_few_items_are_kept_as_they_are() -> None:
    values = np.random.default_rng(0).normal(size=item_values.MOST)
    assert item_values.blocks(values) is values


@pytest.mark.parametrize("items", [10_001, 15_000, 20_000, 123_457])
def test_blocks_have_the_mean_of_the_items(items: int) -> None:
    values = 0.9 + np.random.default_rng(0).normal(size=items)
    found = item_values.blocks(values)
    assert found.shape == (item_values.MOST,)
    assert found.mean() == pytest.approx(values.mean(), rel=1e-12)
    written = item_values.decode(item_values.encode({"a/b": values}))
    assert int(written.pop(item_values.COUNT)) == items
    (kept,) = written.values()
    assert kept.mean(dtype=np.float64) == pytest.approx(values.mean(), rel=1e-6)


@pytest.mark.parametrize("items", [130, 150, 200, 1010])
def test_the_mean_of_blocks_has_the_variance_of_the_mean_of_items(items: int) -> None:
    """Also where half of the blocks have twice the items of the others, and far from zero."""
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(200):
        values = 50 + rng.normal(size=items)
        found = item_values.blocks(values, most=100)
        ratios.append((found.var(ddof=1) / 100) / (values.var(ddof=1) / items))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.05)


def test_undefined_values_stay_undefined() -> None:
    assert np.isnan(item_values.blocks(np.full(25, np.nan), most=10)).all()


def test_a_file_of_many_items_is_small() -> None:
    rng = np.random.default_rng(0)
    scores = (rng.random(50_000) < 0.9).astype(float)
    text = item_values.encode({"left/accuracy": scores, "right/r2": rng.normal(size=50_000)})
    assert len(text) < 100_000
