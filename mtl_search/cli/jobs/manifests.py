"""`mtl-search submit --slurm` and `--kuberay`: a script or manifests in place of a submission.

What is for `sbatch` or `kubectl` goes to standard output, what is for people to standard error.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from rich.console import Console

from mtl_search.api.component_check import check_components
from mtl_search.api.consent import TrustCode, is_foreign, read_config
from mtl_search.config import Config
from mtl_search.config.families.tasks import has_families
from mtl_search.jobs.kuberay import KubeRayOptions, job_name, kuberay_manifests
from mtl_search.jobs.slurm import SlurmOptions, slurm_script
from mtl_search.jobs.submission import check_overrides


def slurm_command(
    config_file: Path,
    overrides: list[str],
    options: SlurmOptions,
    *,
    smoke: bool = False,
    trust_code: TrustCode = False,
) -> None:
    """Print the batch script of Slurm for a sweep.

    Args:
        config_file: The YAML file.
        overrides: Changes to it, each as `path=value`.
        options: What the script asks Slurm for.
        smoke: Whether the sweep is made small.
        trust_code: Whether code that a config of a stranger names is trusted.

    Raises:
        ConfigError: Something in the config or the options is wrong.
        ClusterError: No trial fits on the nodes.
    """
    config = _load(config_file, overrides, trust_code)
    sys.stdout.write(slurm_script(config, _words(config_file, overrides, smoke=smoke), options))
    folder = options.output or f"runs/{config.name}-<job id>"
    _note(
        "Next: write this to a file, and `sbatch FILE` in this folder. The sweep is in "
        f"{folder}; `sbatch FILE FOLDER` goes on with one."
    )


def kuberay_command(
    config_file: Path,
    overrides: list[str],
    options: KubeRayOptions,
    *,
    smoke: bool = False,
    trust_code: TrustCode = False,
) -> None:
    """Print the manifests of KubeRay for a sweep.

    Args:
        config_file: The YAML file.
        overrides: Changes to it, each as `path=value`.
        options: What the manifests ask Kubernetes for.
        smoke: Whether the sweep is made small.
        trust_code: Whether code that a config of a stranger names is trusted.

    Raises:
        ConfigError: Something in the config or the options is wrong.
        ClusterError: No trial fits on the nodes.
    """
    config = _load(config_file, overrides, trust_code)
    text = config_file.read_text(encoding="utf-8")
    sys.stdout.write(
        kuberay_manifests(config, text, _words(config_file, overrides, smoke=smoke), options)
    )
    space = "" if options.namespace is None else f"-n {options.namespace} "
    token = shlex.quote(options.token_secret)
    name = options.name or job_name(config.name)
    _note(
        "Once: head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \\n' | "
        f"kubectl {space}create secret generic {token} --from-file=auth_token=/dev/stdin\n"
        "Next: kubectl apply -f FILE. The sweep is on the volume "
        f"{options.claim or name}, in /sweeps/{name}."
    )
    if options.claim is None:
        _note("kubectl delete -f FILE deletes that volume, too; --claim names one that stays.")


def active_environment() -> str | None:
    """Return the folder of the virtual environment that this program runs in, if it is one."""
    return sys.prefix if sys.prefix != sys.base_prefix else None


def _words(config_file: Path, overrides: list[str], *, smoke: bool) -> list[str]:
    """Return the words after `mtl-search run`; the consent that was given here goes along."""
    words = [str(config_file), *overrides]
    if smoke:
        words.append("--smoke")
    if is_foreign(config_file):
        words.append("--trust-code")
    return words


def _load(config_file: Path, overrides: list[str], trust_code: TrustCode) -> Config:
    check_overrides(overrides)
    config = read_config(config_file, overrides, trust_code)
    if not has_families(config):  # else only the data, which may be there alone, tell the tasks
        check_components(config)
    return config


def _note(text: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(text, markup=False)
