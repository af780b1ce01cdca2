"""Encoders are found by folder or name, and written where a model takes them along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from mtl_search.data.preprocessing.encoders import (
    encoder_source,
    load_part,
    load_tokenizer,
    write_encoder,
)
from mtl_search.errors import ConfigError
from mtl_search.extras import define_torchvision_schemas

define_torchvision_schemas()  # as whatever loads an encoder does first
pytest.importorskip("transformers", reason="an optional dependency: pip install 'mtl-search[text]'")


@pytest.mark.parametrize("weights", [True, False])
def test_an_encoder_is_written_whole(encoder_folder: Path, tmp_path: Path, weights: bool) -> None:
    source = str(encoder_folder)
    write_encoder("encoder", source, tmp_path, weights=weights)
    written = {path.name for path in tmp_path.iterdir()}
    assert written >= {"config.json", "tokenizer.json", "tokenizer_config.json"}
    assert ("model.safetensors" in written) == weights
    assert not written & {"pytorch_model.bin", "training_args.bin"}
    for path in tmp_path.glob("*.json"):
        assert source not in path.read_text()
        assert "name_or_path" not in json.loads(path.read_text())
    tokens = ["the", "thing7", "box"]
    given, kept = (
        load_tokenizer("encoder", folder)(tokens, is_split_into_words=True)
        for folder in (source, str(tmp_path))
    )
    assert given["input_ids"] == kept["input_ids"]
    if weights:
        ids = torch.tensor([kept["input_ids"]])
        with torch.no_grad():
            first, second = (
                load_part("encoder", folder, "AutoModel").eval()(input_ids=ids)[0]
                for folder in (source, str(tmp_path))
            )
        assert torch.equal(first, second)


def test_the_identity_of_a_folder_is_its_content(encoder_folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_encoder("encoder", str(encoder_folder), tmp_path / name, weights=True)
    first, second = (encoder_source("encoder", str(tmp_path / name)) for name in ("a", "b"))
    assert first.name != second.name
    assert first.identity == second.identity
    assert encoder_source("encoder", "a/name") == encoder_source("encoder", "a/name")


def test_a_folder_without_an_encoder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="this folder holds no encoder") as caught:
        load_tokenizer("encoder", str(tmp_path / "empty"))
    assert caught.value.path == "data.encoder"
    assert len(str(caught.value).splitlines()) == 2
