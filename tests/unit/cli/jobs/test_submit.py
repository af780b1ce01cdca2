"""Where `submit` sends its options: to a job, a script of Slurm, or manifests of KubeRay."""

from __future__ import annotations

import pytest

from mtl_search.cli.errors import WRONG_INPUT
from tests.unit.cli.conftest import config  # noqa: F401
from tests.unit.cli.test_fuzzing import run_cli


@pytest.mark.usefixtures("config")
def test_a_script_and_manifests_have_the_overrides_and_the_options() -> None:
    status, script = run_cli(
        "submit", "small.yaml", "seed=5", "--smoke", "--slurm", "--nodes", "3", "--time", "60"
    )
    assert status == 0
    assert "#SBATCH --nodes=3" in script
    assert "#SBATCH --time=60" in script
    assert "seed=5" in script
    assert "--smoke" in script
    status, manifests = run_cli(
        "submit",
        "small.yaml",
        "seed=5",
        "--kuberay",
        "--max-workers",
        "7",
        "--claim",
        "sweeps",
        "--retries",
        "5",
    )
    assert status == 0
    assert "maxReplicas: 7" in manifests
    assert "backoffLimit: 5" in manifests
    assert "claimName: sweeps" in manifests
    assert "seed=5" in manifests


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--nodes", "2"), "--nodes: belongs to --slurm, which is not given"),
        (("--image", "x"), "--image: belongs to --kuberay, which is not given"),
        (("--kuberay", "--time", "5"), "--time: belongs to --slurm, which is not given"),
        (("--cpus-per-node", "2"), "--cpus-per-node: belongs to --slurm or --kuberay"),
        (("--slurm", "--kuberay"), "one of the two"),
        (("--slurm", "--dry-run"), "--dry-run: has no meaning with --slurm"),
        (("--kuberay", "--output", "/x"), "--output: has no meaning with --kuberay"),
        (("--slurm", "--time", "soon"), "--time: minutes, HH:MM:SS or DAYS-HH:MM:SS is needed"),
    ],
)
@pytest.mark.usefixtures("config")
def test_an_option_that_would_be_ignored_is_refused(options: tuple[str, ...], message: str) -> None:
    status, output = run_cli("submit", "small.yaml", *options)
    assert status == WRONG_INPUT
    assert message in " ".join(output.split())
