"""Encoders of transformers with random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "the",
    "th",
    "##ing",
    "w",
    "an",
    "old",
    "box",
    ".",
    "$",
    "#",
]
WORDS += [*"0123456789", *(f"##{digit}" for digit in "0123456789")]


def write_encoder(path: Path, seed: int) -> Path:
    """Write a tiny BERT and its tokenizer into a folder, and give the folder."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(seed)
    (path / "vocab.txt").write_text("\n".join(WORDS))
    transformers.BertTokenizerFast(str(path / "vocab.txt"), do_lower_case=True).save_pretrained(
        path
    )
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        max_position_embeddings=64,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
    )
    transformers.BertModel(config).save_pretrained(path)
    return path
