"""Options of `mtl-search submit` that write a script of Slurm or manifests of KubeRay."""

from __future__ import annotations

from typing import Annotated

import typer

_SLURM = "Slurm"
_KUBERAY = "KubeRay"

Slurm = Annotated[
    bool,
    typer.Option(
        "--slurm",
        help="Print a batch script for `sbatch` instead: Ray and the sweep on an allocation.",
        rich_help_panel=_SLURM,
    ),
]
Nodes = Annotated[int, typer.Option("--nodes", help="Number of nodes.", rich_help_panel=_SLURM)]
Time = Annotated[
    str | None,
    typer.Option(
        "--time",
        help="Time limit: minutes, `HH:MM:SS` or `DAYS-HH:MM:SS`.",
        metavar="TIME",
        show_default=False,
        rich_help_panel=_SLURM,
    ),
]
Partition = Annotated[
    str | None,
    typer.Option(
        "--partition", help="Partition of the job.", show_default=False, rich_help_panel=_SLURM
    ),
]
Account = Annotated[
    str | None,
    typer.Option(
        "--account", help="Account that is charged.", show_default=False, rich_help_panel=_SLURM
    ),
]
Sbatch = Annotated[
    list[str] | None,
    typer.Option(
        "--sbatch",
        help="One more option of `sbatch`, such as `--sbatch=--mem=32G`; may be given again.",
        show_default=False,
        rich_help_panel=_SLURM,
    ),
]
Setup = Annotated[
    list[str] | None,
    typer.Option(
        "--setup",
        help="A line of shell that comes first, such as `module load cuda`; may be given again.",
        show_default=False,
        rich_help_panel=_SLURM,
    ),
]
Environment = Annotated[
    str | None,
    typer.Option(
        "--environment",
        help="Folder of the Python environment on the nodes; default: the active one.",
        metavar="FOLDER",
        show_default=False,
        rich_help_panel=_SLURM,
    ),
]
Lead = Annotated[
    int,
    typer.Option(
        "--lead",
        help="Seconds before the time limit at which the sweep stops in order.",
        rich_help_panel=_SLURM,
    ),
]
Restarts = Annotated[
    int,
    typer.Option(
        "--restarts",
        help="How often the job goes back into the queue when its time is up; 0: never.",
        rich_help_panel=_SLURM,
    ),
]
HeadAddress = Annotated[
    str | None,
    typer.Option(
        "--head-address",
        help="IP address of the first node, as the others reach it; default: what Slurm says.",
        metavar="IP",
        show_default=False,
        rich_help_panel=_SLURM,
    ),
]
CpusPerNode = Annotated[
    int | None,
    typer.Option(
        "--cpus-per-node",
        help="CPUs of each node; default: what the trials need.",
        show_default=False,
        rich_help_panel=f"{_SLURM} and {_KUBERAY}",
    ),
]
GpusPerNode = Annotated[
    int | None,
    typer.Option(
        "--gpus-per-node",
        help="GPUs of each node; default: what the trials need.",
        show_default=False,
        rich_help_panel=f"{_SLURM} and {_KUBERAY}",
    ),
]
KubeRay = Annotated[
    bool,
    typer.Option(
        "--kuberay",
        help="Print manifests for `kubectl apply` instead: a RayJob with a cluster of its own.",
        rich_help_panel=_KUBERAY,
    ),
]
JobName = Annotated[
    str | None,
    typer.Option(
        "--name",
        help="Name of the RayJob; default: that of the config.",
        show_default=False,
        rich_help_panel=_KUBERAY,
    ),
]
Namespace = Annotated[
    str | None,
    typer.Option(
        "--namespace",
        help="Namespace; default: that of `kubectl`.",
        show_default=False,
        rich_help_panel=_KUBERAY,
    ),
]
Image = Annotated[
    str | None,
    typer.Option(
        "--image",
        help="Image with mtl-search and your code; default: `mtl-search:<version>`.",
        show_default=False,
        rich_help_panel=_KUBERAY,
    ),
]
MinWorkers = Annotated[
    int,
    typer.Option("--min-workers", help="Nodes that are always there.", rich_help_panel=_KUBERAY),
]
MaxWorkers = Annotated[
    int,
    typer.Option("--max-workers", help="Nodes that there may be.", rich_help_panel=_KUBERAY),
]
Memory = Annotated[
    str, typer.Option("--memory", help="Memory of each node.", rich_help_panel=_KUBERAY)
]
Retries = Annotated[
    int,
    typer.Option(
        "--retries",
        help="How often a job that fails starts again and goes on with its sweep.",
        rich_help_panel=_KUBERAY,
    ),
]
Claim = Annotated[
    str | None,
    typer.Option(
        "--claim",
        help="Volume claim for sweeps that exists; default: a new one.",
        show_default=False,
        rich_help_panel=_KUBERAY,
    ),
]
Storage = Annotated[
    str, typer.Option("--storage", help="Size of a new volume.", rich_help_panel=_KUBERAY)
]
StorageClass = Annotated[
    str | None,
    typer.Option(
        "--storage-class",
        help="Storage class of a new volume; it has to offer ReadWriteMany.",
        show_default=False,
        rich_help_panel=_KUBERAY,
    ),
]
MlflowUri = Annotated[
    str | None,
    typer.Option(
        "--mlflow-uri",
        help="Address of the MLflow server, without a password.",
        show_default=False,
        rich_help_panel=_KUBERAY,
    ),
]
MlflowSecret = Annotated[
    str | None,
    typer.Option(
        "--mlflow-secret",
        help="Secret and key that hold the address of the MLflow server.",
        metavar="NAME/KEY",
        show_default=False,
        rich_help_panel=_KUBERAY,
    ),
]
TokenSecret = Annotated[
    str,
    typer.Option(
        "--token-secret",
        help="Secret that holds Ray's token under the key `auth_token`.",
        rich_help_panel=_KUBERAY,
    ),
]
