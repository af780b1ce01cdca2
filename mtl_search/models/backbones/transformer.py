"""Text encoders of transformers as stages: one for the embeddings, one for each layer.

B samples, T tokens, W width
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mtl_search.config.checks import check_int, check_number
from mtl_search.data.readers.paths import PACKAGE, find_file
from mtl_search.errors import ConfigError, first_line
from mtl_search.extras import hub, import_extra
from mtl_search.models.backbones.mlp import PATH
from mtl_search.models.backbones.partition import (
    PartitionError,
    check_equal,
    in_eval_mode,
)
from mtl_search.models.backbones.pretrained import (
    Described,
    pretrained_enabled,
    stored_architecture,
)
from mtl_search.models.backbones.stages import MaskedStage, freeze
from mtl_search.models.stage import Stage, run_stages

# Attributes under which families of encoders keep their layers.
_LAYERS = ("encoder.layer", "transformer.layer", "encoder.layers", "layers")

# Names that families give to the dropout rates inside their layers.
_DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout")


def transformer(
    input_shape: tuple[int, ...],
    *,
    model: str,
    pretrained: bool = True,
    frozen: bool = False,
    freeze_stages: int = 0,
    vocabulary: int | None = None,
    dropout: float | None = None,
) -> list[Stage]:
    """Build a text encoder (Vaswani et al. 2017; Devlin et al. 2019, "BERT") without its pooler.

    The first stage is the embeddings, each other one a layer. Padding is not attended to, and its
    numbers do not matter. Building checks that the stages give at the real tokens what the model
    itself gives, and refuses the model otherwise. It works for BERT, RoBERTa, XLM-R, ELECTRA,
    DistilBERT and encoders that are built like them. It does not work for encoders whose layers
    need more than features and a mask, such as MPNet, DeBERTa or ModernBERT.

    Args:
        input_shape: (T,) numbers of tokens, of the model's own tokenizer.
        model: Name on the hub, path of a folder, or `package:NAME/path/inside` of an installed
            package.
        pretrained: Whether to start from the model's weights; otherwise only its configuration is
            read, and the weights are drawn.
        frozen: Whether no stage learns; frozen stages have no dropout.
        freeze_stages: Number of leading stages that do not learn; 1 is the embeddings.
        vocabulary: Numbers of tokens are 0 .. vocabulary - 1. It may exceed the model's, for marks
            of one's own; the vectors of the new ones are drawn.
        dropout: Replaces the model's own rates in its layers.

    Returns:
        Stages from (B, T) to (B, T, W).

    Raises:
        ConfigError: transformers is not installed; there is no such model or no network to fetch
            it; the view has another shape or more tokens than the model takes; or the model cannot
            be split into stages.
    """
    transformers = import_extra("transformers", "text", f"{PATH}.name")
    transformers.utils.logging.disable_progress_bar()
    if len(input_shape) != 1:
        raise ConfigError(
            "the backbone reads numbers of tokens (tokens,), "
            f"and the view's shape is {input_shape}",
            path=f"{PATH}.name",
            value="transformer",
            allowed=["bilstm", "mlp"],
        )
    whole = _load(transformers, model, pretrained, dropout)
    architecture = _architecture(whole.config)
    if vocabulary is not None:
        _enlarge(whole, vocabulary)
    try:
        stages = _split_into_stages(whole, architecture)
        in_eval_mode(whole, lambda: _check(whole, stages, input_shape[0]))
    except PartitionError as error:
        raise ConfigError(
            f"this model cannot be split into stages: {error}", path=f"{PATH}.model", value=model
        ) from error
    return freeze(stages, len(stages) if frozen else freeze_stages, f"{PATH}.freeze_stages")


transformer.reads_integers = True  # type: ignore[attr-defined]


class Embeddings(Described):
    """The embeddings of an encoder: numbers of tokens (B, T) → (B, T, W)."""

    def __init__(
        self,
        embeddings: nn.Module,
        project: nn.Module | None,
        padding: int,
        architecture: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.embeddings = embeddings
        self.project = project
        self.padding = padding

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Embed numbers (B, T), of which those at padding may be anything."""
        x = x.long()
        if mask is not None:
            x = x.masked_fill(~mask, self.padding)
        y: Tensor = self.embeddings(input_ids=x)
        return y if self.project is None else self.project(y)


class Layer(nn.Module):
    """A layer of an encoder, called with the mask in the form that it takes."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Compute features (B, T, W) from features (B, T, W)."""
        y = self.layer(x, attention_mask=None if mask is None else attention_bias(mask, x.dtype))
        return y[0] if isinstance(y, tuple) else y  # type: ignore[no-any-return]


def attention_bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Turn a mask (B, T) into the term (B, 1, 1, T) that is added to the scores of attention.

    It is 0 at real tokens and the lowest number at padding. A mask of four dimensions is used as it
    is by every implementation of attention and every version of transformers. A sentence without a
    real token attends to its padding, since a softmax over nothing is not a number.
    """
    attended = mask | ~mask.any(1, keepdim=True)
    bias = torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(
        ~attended, torch.finfo(dtype).min
    )
    return bias[:, None, None, :]


def _load(transformers: Any, model: str, pretrained: bool, dropout: float | None) -> Any:
    """Load the model, or draw one of its configuration, in float32."""
    stored = stored_architecture()
    name = model if stored else _resolve_model(model)
    source = nullcontext() if stored or Path(name).is_dir() else hub()
    try:
        with source:
            config = _read_configuration(transformers, name, stored)
            if dropout is not None:
                _set_dropout(config, dropout)
            if pretrained and pretrained_enabled():
                return transformers.AutoModel.from_pretrained(
                    name, config=config, trust_remote_code=False
                ).float()
            return transformers.AutoModel.from_config(config, trust_remote_code=False).float()
    except ConfigError:
        raise
    except Exception as error:
        raise _load_error(model, name, error) from error


def _read_configuration(transformers: Any, name: str, stored: Mapping[str, Any] | None) -> Any:
    """Read the configuration of a folder, of the hub, or that a stored model brings along."""
    if stored is None:
        return transformers.AutoConfig.from_pretrained(name, trust_remote_code=False)
    kind = str(stored["model_type"])
    if kind not in transformers.CONFIG_MAPPING:
        raise ConfigError(
            f"the stored model is a {kind!r}, which transformers {transformers.__version__} does "
            f"not know; it was stored by transformers {stored.get('transformers_version')}",
            path=f"{PATH}.model",
            value=name,
        )
    return transformers.CONFIG_MAPPING[kind].from_dict(dict(stored))


def _architecture(config: Any) -> dict[str, Any]:
    """Return a configuration as plain JSON types, without where it was read from."""
    tree: dict[str, Any] = json.loads(config.to_json_string(use_diff=False))
    return {key: value for key, value in tree.items() if not key.endswith("name_or_path")}


def _set_dropout(config: Any, dropout: float) -> None:
    rate = check_number(dropout, f"{PATH}.dropout", high=1.0, exclude_high=True)
    for key in _DROPOUTS:
        if key in vars(config):
            setattr(config, key, rate)


def _resolve_model(model: object) -> str:
    """Return a name on the hub, or the path of a folder.

    Raises:
        ConfigError: The config has a path, and there is no such folder.
    """
    if not isinstance(model, str) or not model:
        raise ConfigError("needs a name on the hub or a folder", path=f"{PATH}.model", value=model)
    if not model.startswith((PACKAGE, ".", "/", "~")):
        return model
    try:
        return str(find_file("model", model, ()))
    except ConfigError as error:
        raise ConfigError(
            error.problem, path=f"{PATH}.model", value=model, allowed=error.allowed
        ) from None


def _load_error(model: str, name: str, error: Exception) -> ConfigError:
    """Say in one line that a folder holds no model, or that the hub does not give it."""
    reason = type(error).__name__
    if not Path(name).is_dir():
        return ConfigError(
            f"cannot get {model!r} from the hub ({reason}): no such model, or no network; "
            "a folder is also accepted",
            path=f"{PATH}.model",
        )
    reason = f"{reason}: {first_line(error)}"
    return ConfigError(
        f"the folder {model!r} holds no model that transformers can read ({reason})",
        path=f"{PATH}.model",
    )


def _enlarge(model: Any, vocabulary: int) -> None:
    path = f"{PATH}.vocabulary"
    rows = check_int(vocabulary, path, low=model.config.vocab_size)
    if rows > model.config.vocab_size:
        model.resize_token_embeddings(rows, mean_resizing=False)


def _split_into_stages(model: Any, architecture: Mapping[str, Any]) -> list[Stage]:
    """Split an encoder into its embeddings and its layers.

    Raises:
        PartitionError: The model is built in another way.
    """
    lists = [_get_inside(model, path) for path in _LAYERS]
    layers = next((layers for layers in lists if isinstance(layers, nn.ModuleList)), None)
    if layers is None or not isinstance(_get_inside(model, "embeddings"), nn.Module):
        raise PartitionError("it has no `embeddings` and list of layers as the BERT family has")
    config = model.config
    width = int(config.hidden_size if hasattr(config, "hidden_size") else config.dim)
    projection = _get_inside(model, "embeddings_project")  # ELECTRA has one
    padding = int(config.pad_token_id or 0)
    embeddings = Embeddings(model.embeddings, projection, padding, architecture)
    stages: list[Stage] = [MaskedStage(embeddings, width, f"embeddings {width}", "tokens")]
    for i, layer in enumerate(layers):
        stages.append(MaskedStage(Layer(layer), width, f"layer {i + 1} {width}", "tokens"))
    return stages


def _check(model: Any, stages: list[Stage], tokens: int) -> None:
    """Check that the stages compute what the model computes, on sentences of two lengths.

    Raises:
        PartitionError: They differ, or the model does not take so many tokens.
    """
    shortest = max(1, tokens // 2)
    # Numbers spread over the vocabulary, different in the two sentences.
    numbers = torch.arange(2 * tokens).view(2, tokens) * 7 % model.config.vocab_size
    mask = torch.arange(tokens) < torch.tensor([[tokens], [shortest]])
    numbers = numbers.masked_fill(~mask, int(model.config.pad_token_id or 0))
    try:
        theirs = model(input_ids=numbers, attention_mask=mask.long()).last_hidden_state
    except (IndexError, RuntimeError, ValueError) as error:
        raise PartitionError(
            f"it does not read {tokens} tokens ({type(error).__name__})"
        ) from error
    try:
        ours = run_stages(stages, numbers, mask)
    except Exception as error:
        raise PartitionError(
            f"its layers need more than features and a mask ({type(error).__name__})"
        ) from error
    check_equal(ours[mask], theirs[mask])


def _get_inside(model: Any, path: str) -> Any:
    """Return the attribute at a dotted path inside a module, or None."""
    for name in path.split("."):
        model = getattr(model, name, None)
    return model
