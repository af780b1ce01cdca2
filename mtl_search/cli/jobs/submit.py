"""`mtl-search submit` and where its options go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from mtl_search.cli.jobs import manifest_options as manifest
from mtl_search.cli.jobs import options as job
from mtl_search.cli.options import (
    Config_,
    Debug,
    Format,
    HeadAddress,
    Overrides,
    TrustCode,
    TrustModules,
)
from mtl_search.errors import ConfigError

if TYPE_CHECKING:
    from mtl_search.jobs.kuberay import KubeRayOptions
    from mtl_search.jobs.slurm import SlurmOptions


def submit(  # noqa: PLR0917  # typer calls it by name
    context: typer.Context,
    config: Config_,
    overrides: Overrides = None,
    address: HeadAddress = None,
    output: job.Folder = None,
    resume: job.Resume = None,
    include: job.Include = None,
    smoke: job.Smoke = False,
    no_wait: job.NoWait = False,
    dry_run: job.DryRun = False,
    job_id: job.JobId = None,
    form: Format = "table",
    trust_code: TrustCode = False,
    trust_modules: TrustModules = "",
    slurm: manifest.Slurm = False,
    nodes: manifest.Nodes = 1,
    time: manifest.Time = None,
    partition: manifest.Partition = None,
    account: manifest.Account = None,
    sbatch: manifest.Sbatch = None,
    setup: manifest.Setup = None,
    environment: manifest.Environment = None,
    lead: manifest.Lead = 120,
    restarts: manifest.Restarts = 10,
    head_address: manifest.HeadAddress = None,
    cpus_per_node: manifest.CpusPerNode = None,
    gpus_per_node: manifest.GpusPerNode = None,
    kuberay: manifest.KubeRay = False,
    name: manifest.JobName = None,
    namespace: manifest.Namespace = None,
    image: manifest.Image = None,
    min_workers: manifest.MinWorkers = 0,
    max_workers: manifest.MaxWorkers = 2,
    memory: manifest.Memory = "8Gi",
    claim: manifest.Claim = None,
    storage: manifest.Storage = "50Gi",
    storage_class: manifest.StorageClass = None,
    mlflow_uri: manifest.MlflowUri = None,
    mlflow_secret: manifest.MlflowSecret = None,
    token_secret: manifest.TokenSecret = "ray-token",  # noqa: S107  # the name of a secret
    retries: manifest.Retries = 2,
    debug: Debug = False,
) -> None:
    """Run a sweep as a job of a Ray cluster, and follow its log to the end.

    The job takes along the config, the modules of yours that it names, and what `--include` names.
    Ctrl-C leaves the job running. The exit status is 0 when the sweep is done, 1 when it could not
    go on, 2 for wrong input or a cluster that does not take the job, and 130 when it was stopped or
    is no longer followed. `--slurm` and `--kuberay` print a script or manifests in place of that.

    For example:

        mtl-search submit configs/quickstart.yaml --address http://HOST:8265
        mtl-search submit faces.yaml search.trials=40 --include data/faces.npz --no-wait
        mtl-search submit faces.yaml --resume faces-261126-120000
        mtl-search submit faces.yaml --slurm --nodes 4 --time 02:00:00 > job.sh
        mtl-search submit faces.yaml --kuberay --max-workers 8 > job.yaml
    """
    _check_target(context, slurm=slurm, kuberay=kuberay)
    from mtl_search.api.consent import split_modules

    words = overrides or []
    trusted = trust_code or split_modules(trust_modules)
    if slurm:
        from mtl_search.cli.jobs.manifests import slurm_command

        script = _slurm_options(context.params)
        return slurm_command(config, words, script, smoke=smoke, trust_code=trusted)
    if kuberay:
        from mtl_search.cli.jobs.manifests import kuberay_command

        manifests = _kuberay_options(context.params)
        return kuberay_command(config, words, manifests, smoke=smoke, trust_code=trusted)
    from mtl_search.cli.jobs.submitting import submit_command

    status = submit_command(
        config,
        words,
        address=address,
        output=output,
        resume=resume,
        include=include or [],
        smoke=smoke,
        wait=not no_wait,
        dry_run=dry_run,
        job_id=job_id,
        form=form,
        trust_code=trusted,
    )
    raise typer.Exit(status)


def _slurm_options(given: Mapping[str, Any]) -> SlurmOptions:
    """Return what the script asks Slurm for, from the options of the command."""
    from mtl_search.cli.jobs.manifests import active_environment
    from mtl_search.jobs.slurm import SlurmOptions

    same = ("nodes", "time", "partition", "account", "cpus_per_node", "gpus_per_node", "restarts")
    return SlurmOptions(
        **{name: given[name] for name in (*same, "output")},
        lines=tuple(given["sbatch"] or ()),
        lead_s=given["lead"],
        environment=given["environment"] or active_environment(),
        setup=tuple(given["setup"] or ()),
        address=given["head_address"],
    )


def _kuberay_options(given: Mapping[str, Any]) -> KubeRayOptions:
    """Return what the manifests ask Kubernetes for, from the options of the command."""
    from mtl_search.jobs.kuberay import KubeRayOptions

    same = ("name", "namespace", "min_workers", "max_workers", "memory", "claim", "storage")
    more = ("storage_class", "mlflow_uri", "mlflow_secret", "token_secret", "retries")
    return KubeRayOptions(
        **{name: given[name] for name in (*same, *more)},
        image=given["image"] or KubeRayOptions.image,
        cpus_per_worker=given["cpus_per_node"],
        gpus_per_worker=given["gpus_per_node"],
    )


# What a script or a manifest has no use for.
_OF_A_JOB = ("address", "resume", "include", "no_wait", "dry_run", "job_id", "form")


def _check_target(context: typer.Context, *, slurm: bool, kuberay: bool) -> None:
    """Refuse options that belong to another target than the one that is asked for.

    Raises:
        ConfigError: Both targets, or an option that would be ignored.
    """
    if slurm and kuberay:
        raise ConfigError("one of the two: a script for Slurm or manifests", path="--slurm")
    asked = {"Slurm": slurm, "KubeRay": kuberay, "Slurm and KubeRay": slurm or kuberay}
    for parameter in context.command.params:
        name = str(parameter.name)
        source = context.get_parameter_source(name)
        if source is None or source.name != "COMMANDLINE":
            continue
        panel = getattr(parameter, "rich_help_panel", None)
        option = parameter.opts[0]
        if panel and not asked[panel]:
            flags = " or ".join(f"--{word.lower()}" for word in panel.split(" and "))
            raise ConfigError(f"belongs to {flags}, which is not given", path=option)
        is_of_a_job = name in _OF_A_JOB or (name == "output" and kuberay)
        if is_of_a_job and (slurm or kuberay):
            target = "--slurm" if slurm else "--kuberay"
            raise ConfigError(f"has no meaning with {target}", path=option)
