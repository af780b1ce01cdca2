"""Networks of four tasks as one writes them by hand: what the hand-written loops train."""

from __future__ import annotations

from torch import Tensor, nn

from mtl_search.extras import import_extra


class Plain(nn.Module):
    """A trunk, and one linear head for each of `kind`, `sort`, `flag` and `size`."""

    def __init__(self, trunk: nn.Module, width: int = 64) -> None:
        super().__init__()
        self.trunk = trunk
        self.kind, self.sort, self.flag, self.size = (
            nn.Linear(width, outputs) for outputs in (10, 5, 1, 1)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x = self.trunk(x)
        return self.kind(x), self.sort(x), self.flag(x).squeeze(1), self.size(x).squeeze(1)


def plain_network(name: str) -> Plain:
    """By name."""
    return {"mlp": _mlp, "convnet": _convnet, "resnet18": _resnet18}[name]()


def _mlp() -> Plain:
    layers = (
        nn.Linear(128, 128),
        nn.ReLU(),
        nn.Linear(128, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
    )
    return Plain(nn.Sequential(*layers))


def _convnet() -> Plain:
    return Plain(nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 64), nn.ReLU(),
    ))  # fmt: skip


def _resnet18() -> Plain:
    timm = import_extra("timm", "images", "model.backbone.name")
    return Plain(timm.create_model("resnet18", num_classes=0), 512)
