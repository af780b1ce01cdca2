"""Reports as files: format by ending, and the picture that is no reason to be without one."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from mtl_search import ConfigError, Result
from mtl_search.api.reporting import build_document, write_report, write_tables
from mtl_search.config import to_yaml
from tests.support.recorded_sweeps import Builder, whole
from tests.support.recorded_sweeps import config as demo


@pytest.fixture
def result(tmp_path: Path) -> Result:
    folder = tmp_path / "sweep"
    folder.mkdir()
    (folder / "config.yaml").write_text(to_yaml(demo()))
    whole(Builder(folder / "journal.jsonl"), twins=True)
    return Result(folder)


@pytest.mark.parametrize(
    ("name", "start"), [("a.html", "<!DOCTYPE html>"), ("b.MD", "# "), ("new/c.json", "{")]
)
def test_the_ending_says_the_format(result: Result, tmp_path: Path, name: str, start: str) -> None:
    result.report(tmp_path / name)
    assert (tmp_path / name).read_text().startswith(start)


def test_json_is_that_of_the_command(result: Result, tmp_path: Path) -> None:
    write_report(result, tmp_path / "a.json")
    report = json.loads((tmp_path / "a.json").read_text())
    assert report["verdict"]["sentence"] == result.verdict.sentence()
    names = [view["name"] for view in report["views"]]
    assert names == [view.name for view in build_document(result, picture=False).views]


def test_every_table_is_a_csv_file_with_all_its_rows(result: Result, tmp_path: Path) -> None:
    names = write_tables(result, tmp_path / "new" / "tables")
    views = {f"{view.name}.csv": view for view in result.views()}
    assert names == list(views)
    for name, view in views.items():
        assert (tmp_path / "new" / "tables" / name).read_bytes().decode() == view.csv()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write the tables"):
        write_tables(result, tmp_path / "file" / "tables")


@pytest.mark.parametrize("name", ["a.pdf", "html", "a.html.gz"])
def test_other_endings_are_refused(result: Result, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"\.html"):
        write_report(result, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_place_that_cannot_be_written_is_an_error(result: Result, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write the report"):
        write_report(result, tmp_path / "file" / "a.html")


def test_without_a_network_there_is_no_picture_and_one_line(
    result: Result, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "mtl_search.api.reporting"):
        document = build_document(result)
    assert document.picture == ""
    assert len(caplog.records) == 1
    assert "no picture of the network" in caplog.text
    assert document.evidence.verdict is result.verdict


def test_the_picture_is_that_of_the_recommended_network(tmp_path: Path) -> None:
    document = build_document(Result("tests/fixtures/sweeps/v0_1_finished"))
    assert document.picture.startswith("<?xml")
    assert "<svg" in document.picture
