"""Whether a trial of the config ever fits."""

from __future__ import annotations

import pytest

from mtl_search.cluster import capacity
from mtl_search.config import override
from mtl_search.jobs.doctor.resources import check_resources
from tests.support import examinations
from tests.support.examinations import bad, config, only_bad


def test_room_is_counted() -> None:
    seen = examinations.cluster(
        examinations.node(), config=config(**{"resources.cpus_per_worker": 2})
    )
    [finding] = check_resources(seen)
    assert finding.value.startswith("room for 4 trials at a time of 1 × (2 CPU); 2 nodes have 8")


def test_without_a_config_there_are_only_totals() -> None:
    [finding] = check_resources(examinations.alone())
    assert finding.value == "there are 4 CPU and 0 GPU; name a config to see how many trials fit"


@pytest.mark.parametrize(
    "resources",
    [
        {"cpus_per_worker": 8},
        {"workers": 9},
        {"gpus_per_worker": 1},
        {"workers": 3, "cpus_per_worker": 8, "gpus_per_worker": 2},
    ],
)
def test_a_trial_that_never_fits_is_shown_and_the_cure_makes_it_fit(
    resources: dict[str, float],
) -> None:
    parsed = config(**{f"resources.{key}": value for key, value in resources.items()})
    seen = examinations.cluster(
        examinations.node(), config=parsed, arguments=["a.yaml"], resources=[{"CPU": 4.0}] * 2
    )
    assert bad(check_resources, seen) == [("fail", "")]
    finding = only_bad(check_resources, seen)
    assert "node 1: 4 CPU" in finding.value
    changes = finding.cure.removeprefix("mtl-search run a.yaml ").split()
    cured = override(parsed, changes)
    assert capacity.max_concurrent_trials(cured.resources, seen.resources) >= 1


def test_more_at_a_time_than_fit_is_a_warning() -> None:
    seen = examinations.alone(config=config(**{"resources.max_concurrent": 9}))
    assert bad(check_resources, seen) == [("warn", "")]


def test_gpus_that_cannot_be_shared_are_refused() -> None:
    wrong = {"resources.workers": 2, "resources.gpus_per_worker": 0.5}
    assert bad(check_resources, examinations.alone(config=config(**wrong))) == [("fail", "")]


def test_an_autoscaler_counts() -> None:
    parsed = config(**{"resources.cpus_per_worker": 8})
    seen = examinations.alone(config=parsed, later=[{"CPU": 16.0}])
    assert bad(check_resources, seen) == []
