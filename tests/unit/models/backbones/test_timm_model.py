"""Models of timm: the stages compute what the model computes, and its weights arrive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.backbones.pretrained import skip_pretrained
from mtl_search.models.backbones.timm_model import timm_model
from mtl_search.models.sharing import HardSharing
from mtl_search.models.stage import Stage, parameter_count, run_stages
from tests.support.packages import need_package

pytestmark = pytest.mark.usefixtures("timm")


@pytest.fixture(scope="module")
def timm() -> Any:
    need_package("timm")
    from mtl_search.extras import import_extra

    return import_extra("timm", "images", "model.backbone.name")


def _image(*shape: int, samples: int = 2) -> Tensor:
    return torch.randn(samples, *shape, generator=torch.Generator().manual_seed(1))


def _run(stages: list[Stage], x: Tensor) -> Tensor:
    with torch.no_grad():
        return run_stages(nn.ModuleList(stages).eval(), x, None)


# Family: model, side of the image, labels of the first and the last stage, number of stages.
FAMILIES = [
    ("resnet18", 32, ["conv1 64", "layer4 512"], 5),
    ("resnet50", 32, ["conv1 64", "layer4 2048"], 5),
    ("legacy_xception", 64, ["conv1 32", "conv4 2048"], 16),
    ("efficientnet_b0", 32, ["conv_stem 32", "conv_head 1280"], 9),
    ("convnext_atto", 32, ["stem 40", "stages.3 320"], 5),
    ("regnety_002", 32, ["stem 32", "s4 368"], 5),
    ("vit_tiny_patch16_224", 32, ["patch_embed 192", "blocks.11 192"], 13),
    ("mobilenetv3_small_050", 32, ["conv_stem 16", "blocks.5 288"], 7),
    ("densenet121", 32, ["features.conv0 64", "features.denseblock4 1024"], 8),
]


@pytest.mark.parametrize(("name", "side", "ends", "number"), FAMILIES)
def test_the_stages_in_order_are_the_model(
    timm: Any, name: str, side: int, ends: list[str], number: int
) -> None:
    """Against a model built apart from ours from the same seed."""
    arguments = {"img_size": side} if name.startswith("vit") else {}
    torch.manual_seed(3)
    whole = timm.create_model(name, num_classes=0, global_pool="", **arguments).eval()
    torch.manual_seed(3)
    stages = timm_model((3, side, side), model=name)
    x = _image(3, side, side)
    with torch.no_grad():
        torch.testing.assert_close(_run(stages, x), whole.forward_features(x))
    assert [stages[0].label, stages[-1].label] == ends
    assert len(stages) == number
    after_pooling = ["conv_head"] if name.startswith("mobilenetv3") else ["head", "fc_norm"]
    head = sum(
        parameter_count(getattr(whole, part)) for part in after_pooling if hasattr(whole, part)
    )
    assert sum(map(parameter_count, stages)) == parameter_count(whole) - head


def test_channels_last_inside_is_channels_first_outside(timm: Any) -> None:
    arguments = {"embed_dim": 12, "depths": (1, 1), "num_heads": (2, 2), "window_size": 2}
    torch.manual_seed(0)
    whole = timm.create_model(
        "swin_tiny_patch4_window7_224", img_size=16, num_classes=0, **arguments
    ).eval()
    from mtl_search.models.backbones.timm_model import _split_into_stages

    x = _image(3, 16, 16)
    with torch.no_grad():
        expected = whole.forward_features(x)
        stages = _split_into_stages(whole, (3, 16, 16), opened=True)
    assert [(stage.kind, stage.width) for stage in stages] == [
        ("map", 12),
        ("map", 12),
        ("map", 24),
    ]
    torch.testing.assert_close(_run(stages, x), expected.permute(0, 3, 1, 2))


def test_a_main_sequence_stays_closed_when_asked() -> None:
    stages = timm_model((3, 32, 32), model="vit_tiny_patch16_224", stages="children")
    assert [stage.label for stage in stages] == ["patch_embed 192", "blocks 192"]


@pytest.mark.parametrize("shape", [(1, 32, 32), (32, 32), (5, 32, 32)])
def test_images_have_any_number_of_channels(shape: tuple[int, ...]) -> None:
    assert _run(timm_model(shape, model="resnet18"), _image(*shape)).shape == (2, 512, 1, 1)


def test_stages_are_shared_to_the_depth_and_copied_below_it() -> None:
    sizes = [parameter_count(stage) for stage in timm_model((3, 32, 32), model="resnet18")]
    views = {"a": ("x",), "b": ("x",)}
    sharing = HardSharing(lambda: timm_model((3, 32, 32), model="resnet18"), views, depth=3)
    assert sum(p.numel() for p in sharing.shared_parameters()) == sum(sizes[:3])
    assert sum(p.numel() for p in sharing.task_parameters("a")) == sum(sizes[3:])
    before = [p.detach().clone() for p in sharing.task_parameters("b")]
    optimizer = torch.optim.SGD(sharing.parameters(), lr=0.1)
    sharing({"x": _image(3, 32, 32, samples=4)})["a"][0].square().sum().backward()
    optimizer.step()
    assert all(
        p.grad is not None for p in [*sharing.shared_parameters(), *sharing.task_parameters("a")]
    )
    assert all(torch.equal(p, q) for p, q in zip(before, sharing.task_parameters("b"), strict=True))


def test_frozen_stages_do_not_change_in_training() -> None:
    stages = nn.ModuleList(timm_model((3, 32, 32), model="resnet18", freeze_stages=2)).train()
    frozen = {
        key: value.clone()
        for stage in stages[:2]
        for key, value in stage.state_dict(prefix="s").items()
    }
    run_stages(stages, _image(3, 32, 32, samples=4), None).sum().backward()
    assert all(p.grad is None for stage in stages[:2] for p in stage.parameters())
    assert all(p.grad is not None for stage in stages[2:] for p in stage.parameters())
    now = {
        key: value for stage in stages[:2] for key, value in stage.state_dict(prefix="s").items()
    }
    assert all(torch.equal(frozen[key], now[key]) for key in frozen)


def test_stochastic_depth_drops_branches_in_training_only() -> None:
    stages = nn.ModuleList(timm_model((3, 32, 32), model="vit_tiny_patch16_224", drop_path=0.5))
    x = _image(3, 32, 32)
    assert not torch.equal(run_stages(stages.train(), x, None), run_stages(stages, x, None))
    assert torch.equal(run_stages(stages.eval(), x, None), run_stages(stages, x, None))


# ---------------------------------------------------------------- weights


def _save(file: Path, state: dict[str, Tensor]) -> None:
    if file.suffix == ".safetensors":
        save_file(state, file)
    else:
        torch.save({"state_dict": state, "epoch": 3} if file.suffix == ".pth" else state, file)


@pytest.mark.parametrize("suffix", ["safetensors", "pth", "pt"])
def test_weights_saved_from_timm_are_loaded_by_path(timm: Any, tmp_path: Path, suffix: str) -> None:
    """With its classifier, as they are published."""
    whole = timm.create_model("resnet18", num_classes=7).eval()
    file = tmp_path / f"resnet18.{suffix}"
    _save(file, whole.state_dict())
    stages = timm_model((3, 32, 32), model="resnet18", weights=str(file))
    x = _image(3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(_run(stages, x), whole.forward_features(x))


def test_weights_are_adapted_to_one_channel(timm: Any, tmp_path: Path) -> None:
    whole = timm.create_model("resnet18", num_classes=0).eval()
    _save(tmp_path / "w.safetensors", whole.state_dict())
    stages = timm_model((1, 32, 32), model="resnet18", weights=str(tmp_path / "w.safetensors"))
    (first, *_) = stages[0].parameters()
    torch.testing.assert_close(first, whole.conv1.weight.sum(1, keepdim=True))


def test_the_positions_of_a_vit_are_adapted_to_the_size(timm: Any, tmp_path: Path) -> None:
    whole = timm.create_model("vit_tiny_patch16_224", num_classes=0, img_size=64)
    _save(tmp_path / "w.pt", whole.state_dict())
    stages = timm_model((3, 32, 32), model="vit_tiny_patch16_224", weights=str(tmp_path / "w.pt"))
    assert _run(stages, _image(3, 32, 32)).shape == (2, 5, 192)


def test_weights_of_another_model_are_refused(timm: Any, tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    _save(file, timm.create_model("resnet34", num_classes=0).state_dict())
    timm_model((3, 32, 32), model="resnet34", weights=str(file))
    with pytest.raises(ConfigError, match=r"does not hold|lacks") as caught:
        timm_model((3, 32, 32), model="resnet50", weights=str(file))
    assert caught.value.path == "model.backbone.weights"


def test_weights_that_lack_a_layer_are_refused(timm: Any, tmp_path: Path) -> None:
    state = {
        k: v
        for k, v in timm.create_model("resnet18").state_dict().items()
        if not k.startswith("layer4")
    }
    _save(tmp_path / "w.pt", state)
    with pytest.raises(
        ConfigError,
        match=r"lacks \d+ of the parameters of 'resnet18', the first .*'layer4\.0\.conv1",
    ):
        timm_model((3, 32, 32), model="resnet18", weights=str(tmp_path / "w.pt"))


def test_a_stored_model_needs_no_weights_to_start_from() -> None:
    with skip_pretrained():
        stages = timm_model((3, 32, 32), model="resnet18", weights="/no/such/file.pt")
        assert len(timm_model((3, 32, 32), model="resnet18", pretrained=True)) == len(stages)
    with pytest.raises(ConfigError, match="no such file") as caught:
        timm_model((3, 32, 32), model="resnet18", weights="/no/such/file.pt")
    assert caught.value.path == "model.backbone.weights"


def test_a_missing_hub_gives_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        timm_model((3, 32, 32), model="resnet18", pretrained=True)
    assert caught.value.path == "model.backbone.pretrained"
    assert "\n" not in str(caught.value)
    assert "cannot get the weights of 'resnet18' from the hub" in str(caught.value)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("name", ["beit_base_patch16_224", "nest_tiny"])
def test_a_model_that_cannot_be_split_is_refused_with_its_name_and_reason(name: str) -> None:
    side = 32 if name.startswith("beit") else 224
    with pytest.raises(
        ConfigError, match=r"cannot be split into stages: its part '.*' does not go on"
    ) as caught:
        timm_model((3, side, side), model=name)
    assert caught.value.path == "model.backbone.model"
    assert name in str(caught.value)


BAD = [
    ((3, 32, 32), {"model": "resnt18"}, "model", "did you mean 'resnet18'"),
    ((3, 32, 32), {"model": 3}, "model", "no model of this name"),
    ((3, 2, 2), {"model": "legacy_xception"}, "model", "does not read views of shape"),
    ((6,), {"model": "resnet18"}, "name", "reads images"),
    ((3, 32, 32), {"model": "resnet18", "stages": "all"}, "stages", "allowed:  auto, children"),
    ((3, 32, 32), {"model": "resnet18", "drop_path": 1.0}, "drop_path", "below 1"),
    ((3, 32, 32), {"model": "resnet18", "freeze_stages": 6}, "freeze_stages", "from 0 to 5"),
    ((3, 32, 32), {"model": "resnet18", "pretrained": "yes"}, "pretrained", "not true or false"),
    (
        (3, 32, 32),
        {"model": "resnet18", "pretrained": True, "weights": "x"},
        "pretrained",
        "not both",
    ),
]


@pytest.mark.parametrize(("shape", "arguments", "argument", "text"), BAD)
def test_a_wrong_argument_is_named(
    shape: Any, arguments: dict[str, Any], argument: str, text: str
) -> None:
    with pytest.raises(ConfigError, match=text) as caught:
        timm_model(shape, **arguments)
    assert caught.value.path == f"model.backbone.{argument}"
