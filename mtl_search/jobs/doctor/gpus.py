"""Do torch and NCCL work on the GPUs that trials will use?"""

from __future__ import annotations

from collections.abc import Iterator

from mtl_search.config import Config
from mtl_search.jobs.doctor.examination import Examination
from mtl_search.jobs.doctor.facts import Gpu
from mtl_search.jobs.doctor.finding import Finding, Status

CHECK = "gpu"
_CUDA_BUILD = (
    "-m pip install --force-reinstall torch --index-url https://download.pytorch.org/whl/cu128"
)


def wants_gpu(config: Config | None) -> bool:
    """Return whether trials of a config ask for a GPU."""
    if config is None:
        return False
    return config.resources.gpus_per_worker > 0 or config.training.device == "cuda"


def check_gpus(seen: Examination) -> Iterator[Finding]:
    """Judge what torch computed on the GPUs of each node.

    Where the config asks for GPUs, a node without one is no fault: trials go to the others.
    """
    wanted = wants_gpu(seen.config)
    workers = seen.config.resources.workers if seen.config else 1
    for name, facts in seen.machines():
        yield _judge(name, facts["gpu"], facts["executable"], wanted=wanted, workers=workers)
    if wanted and not any(facts["gpu"]["devices"] for _, facts in seen.machines()):
        cure = seen.command("resources.gpus_per_worker=0", "training.device=cpu")
        yield Finding(CHECK, "fail", "the config asks for a GPU, and no node has one", cure)


def _judge(name: str, gpu: Gpu, python: str, *, wanted: bool, workers: int) -> Finding:
    bad: Status = "fail" if wanted else "warn"
    if not gpu["devices"]:
        return Finding(CHECK, "ok", "no GPU" if wanted else "no GPU, none is asked for", node=name)
    if not gpu["cuda"] and not gpu["problem"]:
        text = f"{gpu['devices']} GPUs, and a torch that was built without CUDA"
        return Finding(CHECK, bad, text, f"{python} {_CUDA_BUILD}", name)
    if len(gpu["names"]) < gpu["devices"] and not gpu["problem"]:
        text = (
            f"{gpu['devices']} GPUs, of which torch (CUDA {gpu['cuda']}) sees {len(gpu['names'])}"
        )
        return Finding(CHECK, bad, text, "nvidia-smi", name)
    if gpu["problem"]:
        text = f"{gpu['devices']} GPUs: {gpu['problem']}"
        return Finding(CHECK, bad, text, "nvidia-smi", name)
    kinds = ", ".join(dict.fromkeys(gpu["names"]))
    text = f"{len(gpu['names'])} × {kinds}, CUDA {gpu['cuda']}, NCCL {gpu['nccl'] or 'missing'}"
    if not gpu["nccl"] and workers > 1:
        return Finding(CHECK, bad, text, f"{python} {_CUDA_BUILD}", name)
    return Finding(CHECK, "ok", text, node=name)
