"""What a job adds to the command that it runs."""

from __future__ import annotations

import pytest

from mtl_search import __version__
from mtl_search.cli.errors import WRONG_INPUT
from mtl_search.cli.jobs.inside_job import check_versions, cures_of_a_job
from mtl_search.errors import ConfigError, DataError
from mtl_search.jobs import submission
from tests.unit.cli.test_fuzzing import run_cli


def test_another_version_is_refused(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check_versions()
    monkeypatch.setenv(submission.VERSION, __version__)
    check_versions()
    monkeypatch.setenv(submission.VERSION, "9.9")
    status, output = run_cli("run", config)
    assert status == WRONG_INPUT
    assert "submitted by mtl_search 9.9, and the cluster has" in output


@pytest.mark.parametrize(
    ("error", "cure"),
    [
        (ConfigError("cannot import module 'x'", path="data"), "install packages on all nodes"),
        (DataError("'toy:f' failed with No module named 'y'"), "install packages on all nodes"),
        (DataError("No such file or directory: 'a.npz'"), "send the file by --include"),
        (ConfigError("there is no such file", path="data.path"), "send the file by --include"),
        (ConfigError("unknown key", path="search.x"), ""),
    ],
)
def test_errors_have_their_cure_in_a_job_alone(
    error: ConfigError | DataError, cure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(type(error)) as outside, cures_of_a_job():
        raise error
    assert str(outside.value) == str(error)
    monkeypatch.setenv(submission.JOB, "toy-1")
    with pytest.raises(type(error)) as inside, cures_of_a_job():
        raise error
    assert str(inside.value).startswith(str(error))
    assert cure in str(inside.value)
