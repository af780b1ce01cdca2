"""Where MLflow has a sweep is kept in the sweep's folder."""

from __future__ import annotations

from pathlib import Path

from mtl_search.tracking.place import FILE, Place, read_place


def test_it_is_read_as_it_was_written_without_a_password(tmp_path: Path) -> None:
    Place("https://me:secret@host/mlflow", "1", "0a", "ab").write(tmp_path)
    assert "secret" not in (tmp_path / FILE).read_text()
    place = read_place(tmp_path)
    assert place == Place("https://host/mlflow", "1", "0a", "ab")
    assert place.is_server
    assert place.view_address.startswith("https://host/mlflow/#/experiments/1/runs?")
    assert place.run_address.startswith("https://host/mlflow/#/experiments/1/runs/0a?")


def test_pages_of_a_database_are_on_this_machine(tmp_path: Path) -> None:
    place = Place("sqlite:////x.db", "1", "0a", "ab")
    assert not place.is_server
    assert place.view_address.startswith("http://127.0.0.1:5000/#/")


def test_a_sweep_without_the_file_or_with_a_broken_one_has_no_place(tmp_path: Path) -> None:
    assert read_place(tmp_path) is None
    (tmp_path / FILE).write_text('{"uri": 1')
    assert read_place(tmp_path) is None
    (tmp_path / FILE).write_text('{"where": 1}')
    assert read_place(tmp_path) is None
