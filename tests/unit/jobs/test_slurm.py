"""The batch script: what it asks for, that it is good bash, and options that are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mtl_search.config import load_config
from mtl_search.errors import ClusterError, ConfigError
from mtl_search.jobs.slurm import SlurmOptions, slurm_script
from tests.support.repository import CONFIGS

_CONFIG = str(CONFIGS / "quickstart.yaml")


def _script(options: SlurmOptions, *overrides: str) -> str:
    return slurm_script(load_config(_CONFIG, overrides), [_CONFIG, *overrides], options)


def _asked_for(script: str) -> list[str]:
    return [
        line.removeprefix("#SBATCH ") for line in script.splitlines() if line.startswith("#SBATCH ")
    ]


_ALL = SlurmOptions(
    nodes=3,
    time="1-12:00:00",
    partition="gpu",
    account="lab.a",
    lines=("--mem=32G", "--mail-type=END"),
    lead_s=90,
    restarts=2,
    output="/scratch/my sweeps/a",
    environment="/home/me/my env",
    setup=("module load cuda", "export A='b c'"),
    address="10.0.0.7",
)


def test_the_options_become_those_of_sbatch() -> None:
    asked = _asked_for(_script(_ALL, "resources.gpus_per_worker=1", "resources.cpus_per_worker=4"))
    assert asked == [
        "--job-name=quickstart",
        "--nodes=3",
        "--ntasks-per-node=1",
        "--cpus-per-task=4",
        "--gpus-per-node=1",
        "--time=1-12:00:00",
        "--partition=gpu",
        "--account=lab.a",
        "--output=slurm-%x-%j.out",
        "--open-mode=append",
        "--requeue",
        "--no-kill",
        "--signal=B:USR1@90",
        "--mem=32G",
        "--mail-type=END",
    ]


def test_options_of_sbatch_come_before_the_first_command() -> None:
    """After it, Slurm does not read them."""
    lines = _script(_ALL).splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith("#SBATCH"))
    assert all(line.startswith("#") for line in lines[: last + 1])


@pytest.mark.parametrize("options", [SlurmOptions(), _ALL])
def test_shellcheck_has_nothing_to_say(options: SlurmOptions, tmp_path: Path) -> None:
    script = tmp_path / "job.sh"
    script.write_text(_script(options, "search.trials=40"))
    done = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def _run_head_of(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the lines before the body, then print what they set."""
    head = script.partition("# shellcheck shell=bash")[0]
    shown = 'printf "%s\\n" "${arguments[@]}" "$output" "$PATH"'
    return subprocess.run(
        ["bash", "-c", f"{head}\n{shown}", "job.sh"], cwd=folder, env={"SLURM_JOB_ID": "17",
        "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_words_arrive_as_they_were_written(tmp_path: Path) -> None:
    override = "model.backbone={name: mlp, widths: [32]}"
    lines = _run_head_of(_script(SlurmOptions(), override), tmp_path).stdout.splitlines()
    assert lines == [_CONFIG, override, "runs/quickstart-17", "/usr/bin:/bin"]
    options = SlurmOptions(output="/x/my sweeps", environment="/home/me/my env")
    lines = _run_head_of(_script(options), tmp_path).stdout.splitlines()
    assert lines == [_CONFIG, "/x/my sweeps", "/home/me/my env/bin:/usr/bin:/bin"]


def test_outside_of_a_job_it_says_what_it_is_for(tmp_path: Path) -> None:
    script = tmp_path / "job.sh"
    script.write_text(_script(SlurmOptions()))
    done = subprocess.run(
        ["bash", str(script)], env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == f"error: this is a batch script of Slurm: sbatch {script}\n"
    assert not (tmp_path / "runs").exists()


def test_a_missing_environment_is_one_sentence(tmp_path: Path) -> None:
    script = tmp_path / "job.sh"
    script.write_text(_script(SlurmOptions()))
    done = subprocess.run(
        ["bash", str(script)], env={"PATH": "/usr/bin:/bin", "SLURM_JOB_ID": "1"}, cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("error: there is no mtl-search on ")
    assert "--environment" in done.stderr


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"nodes": 0}, "--nodes: a number from 1 on"),
        ({"time": "1h"}, "--time: minutes, HH:MM:SS"),
        ({"partition": "a b"}, "--partition: one word"),
        ({"account": "a\n#SBATCH --uid=0"}, "--account: one word"),
        ({"lines": ("mem=3G",)}, "--sbatch: one option of sbatch"),
        ({"lines": ("--mem=3G\nrm -r x",)}, "--sbatch: one option of sbatch"),
        ({"lead_s": 10}, "--lead: a number from 60 on"),
        ({"cpus_per_node": 0}, "--cpus-per-node: a number from 1 on"),
        ({"gpus_per_node": -1}, "--gpus-per-node: a number from 0 on"),
        ({"restarts": -1}, "--restarts: a number from 0 on"),
    ],
)
def test_a_wrong_option_is_refused(option: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        SlurmOptions(**option)  # type: ignore[arg-type]


@pytest.mark.parametrize("time", ["30", "90:00", "2:00:00", "1-12", "1-12:30", "2-00:00:00"])
def test_times_of_slurm_are_taken(time: str) -> None:
    assert SlurmOptions(time=time).time == time


def test_nodes_that_are_too_small_are_refused_with_the_arithmetic() -> None:
    with pytest.raises(ClusterError, match="no trial fits on this cluster"):
        _script(SlurmOptions(cpus_per_node=2), "resources.cpus_per_worker=4")


def test_the_dashboard_runs_where_groups_of_workers_need_it() -> None:
    assert "dashboard=false\n" in _script(SlurmOptions())
    assert "dashboard=true\n" in _script(SlurmOptions(), "resources.workers=2")
