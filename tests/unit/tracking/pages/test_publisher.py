"""What MLflow shows of a sweep as a whole, and what an extension corrects."""

from __future__ import annotations

import json
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtl_search.analysis.judge import judge
from mtl_search.analysis.leaderboard import leaderboard_rows
from mtl_search.api.result import Result
from mtl_search.api.tracked_page import sweep_page
from mtl_search.config import Config, to_yaml
from mtl_search.tracking import SweepPage, Tracker, read_place, send_missing
from mtl_search.tracking.links import open_client
from mtl_search.tracking.pages.description import Section, with_section
from mtl_search.tracking.pages.named_view import TAG_PREFIX, decoded, view_key
from mtl_search.tracking.pages.publisher import LEADERBOARD, SHOWN, Publisher
from mtl_search.tracking.run_state import RunState
from tests.support.mlflow_runs import Runs
from tests.support.recorded_sweeps import Builder, config, whole

NOTE = "mlflow.note.content"


def by_delta_m() -> Config:
    return config(**{"search.objective": "delta_m"})


def write(folder: Path, settings: Config) -> Builder:
    (folder / "config.yaml").write_text(to_yaml(settings))
    builder = Builder(folder / "journal.jsonl")
    builder.sweep().scales()
    return whole(builder, trials=2, seeds=3)


def send(folder: Path, page: SweepPage | None = None) -> tuple[Runs, int]:
    """Send a sweep from its journal; return what MLflow has, and how often something was sent."""
    result = Result(folder)
    sent = send_missing(folder, page=page or sweep_page(result, draw=False))
    assert sent.unsent == 0
    return Runs(Tracker(result.config, folder).uri), sent.written


@pytest.mark.parametrize("objective", ["skill", "delta_m"])
def test_numbers_are_those_of_the_leaderboard(sweep_dir: Path, objective: str) -> None:
    write(sweep_dir, config(**{"search.objective": objective}))
    found, _ = send(sweep_dir)
    result = Result(sweep_dir)
    for row in leaderboard_rows(result.record, result.config):
        metrics = found.by_trial[row["trial"]].data.metrics
        assert metrics["best/val/skill"] == row["skill"]
        assert metrics["best/val/delta_m"] == row["delta_m"]
        for name in [name for name in row if name.startswith("val/")]:
            assert metrics.get(f"best/{name}", row[name]) is row[name] or (
                metrics[f"best/{name}"] == row[name]
            )
    verdict = judge(result.record, result.config, sweep_dir)
    finals = [run for trial, run in found.by_trial.items() if trial.startswith("final-search")]
    gains = [run.data.metrics["test/delta_m"] for run in finals]
    assert verdict.search is not None
    assert verdict.search.delta_m == pytest.approx(statistics.fmean(gains))
    skills = [run.data.metrics["test/skill"] for run in finals]
    assert statistics.fmean(skills) - statistics.fmean(
        run.data.metrics["test/skill"]
        for trial, run in found.by_trial.items()
        if trial.startswith("final-equal")
    ) == pytest.approx(0.04, abs=0.01)


def test_the_answer_stands_on_the_run_and_on_the_experiment(sweep_dir: Path) -> None:
    write(sweep_dir, config())
    found, _ = send(sweep_dir)
    sentence = Result(sweep_dir).verdict.sentence()
    assert found.parent.data.tags[NOTE].startswith(sentence)
    assert found.parent.data.tags["verdict"] == Result(sweep_dir).verdict.outcome
    tags = found.experiment.tags
    assert sentence in tags[NOTE].splitlines()[0]
    assert tags["mlflow.experimentKind"] == "custom_model_development"
    view = decoded(tags[TAG_PREFIX + view_key("sweep-1")])
    assert view["groupsExpanded"].keys() >= {"tag.arm.search", "tag.arm.single/left"}
    place = read_place(sweep_dir)
    assert place is not None
    assert place.run == found.parent.info.run_id


def test_finalists_that_lost_their_race_are_not_compared(sweep_dir: Path) -> None:
    builder = write(sweep_dir, config())
    scores = dict.fromkeys(builder.tasks, 0.8)
    lost = builder.finalist("search", 7, scores, val=0.5, origin="search-0001")
    builder.done()
    found, _ = send(sweep_dir)
    compared = {
        trial: run.data.tags["compared"]
        for trial, run in found.by_trial.items()
        if run.data.tags["kind"] == "final"
    }
    assert compared.pop(lost) == "false"
    assert set(compared.values()) == {"true"}
    assert len(compared) == 15


def test_the_leaderboard_is_a_table_of_mlflow(
    sweep_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(sweep_dir, config())
    found, _ = send(sweep_dir)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", Tracker(config(), sweep_dir).uri)
    number = found.experiment.experiment_id
    run = found.parent.info.run_id
    table = found.client.load_table(number, LEADERBOARD, run_ids=[run])
    rows = leaderboard_rows(Result(sweep_dir).record, Result(sweep_dir).config)
    assert list(table["trial"]) == [row["trial"] for row in rows]
    assert list(table["skill"]) == pytest.approx([row["skill"] for row in rows])


def test_what_is_there_is_not_sent_again(sweep_dir: Path) -> None:
    write(sweep_dir, config())
    (sweep_dir / "report.html").write_text("<html></html>")
    (sweep_dir / "report.json").write_text("{}")
    found, written = send(sweep_dir)
    assert written > 25
    assert set(json.loads(found.parent.data.tags[SHOWN])) == {
        LEADERBOARD,
        "report/report.html",
        "report/report.json",
    }
    run = found.parent.info.run_id
    below = found.parent.data.tags[NOTE].splitlines()[-1]
    for link in ("leaderboard](", "report]("):
        assert link in below
    for name in ("leaderboard.json", "report/report.html"):
        assert f"/runs/{run}/artifacts/{name}?workflowType=machine_learning)" in below
    stored = {item.path for item in found.client.list_artifacts(run, "report")}
    assert stored == {"report/report.html", "report/report.json"}
    before = {trial: found.history(trial, "best/val/skill") for trial in found.by_trial}
    found, written = send(sweep_dir)
    assert written == 0
    assert {trial: found.history(trial, "best/val/skill") for trial in found.by_trial} == before
    (sweep_dir / "report.html").write_text("<html>new</html>")
    assert send(sweep_dir)[1] == 2  # the file, and its digest


def test_a_new_reference_corrects_what_mlflow_shows(sweep_dir: Path) -> None:
    builder = write(sweep_dir, by_delta_m())
    found, _ = send(sweep_dir)
    old = found.by_trial["search-0001"].data.metrics["best/val/delta_m"]
    note = found.parent.data.tags[NOTE]

    builder.sweep()
    builder.trial("single/left", 9, 0.99)  # a better reference
    builder.event("judged", id="search-0001", objectives=[(1, -0.7), (2, -0.4), (3, -0.05)])
    builder.done()
    found, _ = send(sweep_dir)
    result = Result(sweep_dir)
    rows = {row["trial"]: row for row in leaderboard_rows(result.record, result.config)}
    for trial in ("search-0000", "search-0001", "equal-0001", "final-search-0002"):
        metrics = found.by_trial[trial].data.metrics
        assert metrics["best/val/delta_m"] == rows[trial]["delta_m"]
    assert rows["search-0001"]["delta_m"] < old
    assert found.by_trial["search-0001"].data.metrics["val/delta_m"] == -0.05
    assert found.parent.data.tags[NOTE] != note
    assert found.experiment.tags[NOTE].count("**[demo]") == 1
    assert send(sweep_dir)[1] == 0


def test_a_description_by_hand_is_kept(sweep_dir: Path) -> None:
    write(sweep_dir, config())
    found, _ = send(sweep_dir)
    client, number = found.client, found.experiment.experiment_id
    client.set_experiment_tag(number, NOTE, "Mine.\n\n" + found.experiment.tags[NOTE])
    found, written = send(sweep_dir)
    assert written == 0
    assert found.experiment.tags[NOTE].startswith("Mine.")


def test_two_sweeps_that_end_at_the_same_moment_both_have_a_section(sweep_dir: Path) -> None:
    write(sweep_dir, config())
    (sweep_dir / "report.html").write_text("<html></html>")
    found, _ = send(sweep_dir)
    client, number = found.client, found.experiment.experiment_id
    client.set_experiment_tag(number, NOTE, "")  # as another that has never read it
    page = sweep_page(Result(sweep_dir), draw=False)
    link = "#/x?viewStateShareKey=mtl_search-other"
    other = with_section("", Section("other", "2026-11-27 09:30", "other", link, "It helps."))
    store = open_client(config(), sweep_dir)
    publisher = Publisher(config(), store, "demo")
    parent = RunState.of(found.parent)
    steps = iter(list(publisher.steps(page, parent, {}, {})))
    for subject, step in steps:
        step()
        if subject == "the experiment":
            break
    client.set_experiment_tag(number, NOTE, other)  # it was read before, and written now
    for _, step in steps:
        step()
    note = client.get_experiment(number).tags[NOTE]
    assert "**[other]" in note
    assert "**[demo]" in note


def test_links_stay_below_a_description_that_is_too_long(sweep_dir: Path) -> None:
    write(sweep_dir, config())
    page = sweep_page(Result(sweep_dir), draw=False)
    long = replace(page, details="| a | b |\n" * 2000)
    found, _ = send(sweep_dir, long)
    note = found.parent.data.tags[NOTE]
    assert len(note) <= 7800
    assert note.splitlines()[-1].startswith("[charts by arm](")
    assert note.splitlines()[-3:-1] == ["…", ""]


def test_the_data_set_is_an_input_of_the_sweep_and_of_finalists(sweep_dir: Path) -> None:
    builder = write(sweep_dir, config())
    data = {"name": "pairs", "digest": "ab" * 16, "splits": {"train": 9}, "targets": {}}
    builder.event("data", **data)
    builder.done()
    found, _ = send(sweep_dir)
    for trial in ("", "final-search-0000"):
        inputs: Any = found.by_trial[trial].inputs
        (sent,) = inputs.dataset_inputs
        assert (sent.dataset.name, sent.dataset.digest) == ("pairs", "ab" * 16)
    none: Any = found.by_trial["search-0000"].inputs
    assert not none.dataset_inputs
    assert send(sweep_dir)[1] == 0


def test_trials_get_once_what_a_space_of_the_users_own_has_given_to_others(
    sweep_dir: Path,
) -> None:
    builder = write(sweep_dir, config())
    builder.end(builder.begin("search", 7, drawn={"training.batch_size": (64, 32, 128)}))
    builder.done()
    found, _ = send(sweep_dir)
    drawn, other = (found.by_trial[trial].data.params for trial in ("search-0007", "search-0000"))
    assert drawn["training.batch_size"] == "64"
    assert other["training.batch_size"] == str(config().training.batch_size)
    assert send(sweep_dir)[1] == 0
