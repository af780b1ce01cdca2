"""The shared parameters of a network, stage by stage."""

from __future__ import annotations

from torch import nn

from mtl_search.models.sharing import SharingPolicy

# The stage of shared parameters that no block of the policy's has.
OTHER = "other"


def shared_by_stage(sharing: SharingPolicy) -> dict[str, list[nn.Parameter]]:
    """Return stage → its shared parameters that learn, from the input to the heads.

    A stage is named by its number, from 1: a block with a module is one stage further than the
    blocks that it reads, and one without, such as a cross-stitch matrix, belongs to their stage.

    Args:
        sharing: The sharing policy.

    Examples:
        >>> from mtl_search.models.backbones import BACKBONES
        >>> from mtl_search.models.sharing import HardSharing
        >>> views = {"a": ["x"], "b": ["x"], "c": ["x"]}
        >>> build = lambda: BACKBONES["mlp"]((4,), widths=[8, 3, 2])
        >>> stages = shared_by_stage(HardSharing(build, views, depth=2))
        >>> {stage: sum(p.numel() for p in parameters) for stage, parameters in stages.items()}
        {'1': 40, '2': 27}
    """
    waiting = {id(p): p for p in sharing.shared_parameters() if p.requires_grad}
    levels: list[int] = []
    stages: dict[int, list[nn.Parameter]] = {}
    for block in sharing.blocks():
        level = max((levels[number] for number in block.reads), default=0)
        level += block.module is not None
        levels.append(level)
        of_module = [] if block.module is None else list(block.module.parameters())
        for parameter in [*of_module, *block.weights]:
            if waiting.pop(id(parameter), None) is not None:
                stages.setdefault(level, []).append(parameter)
    named = {str(level): stages[level] for level in sorted(stages)}
    return {**named, OTHER: list(waiting.values())} if waiting else named
