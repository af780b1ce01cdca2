"""Encoders of the package transformers: tokens → their frozen vectors, or → sub-words for one that is trained along.

transformers is an optional dependency (`pip install 'mtl-search[text]'`) and imported at first use.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mtl_search.config.checks import check_text
from mtl_search.data.readers.cache import cached, digest, folder_digest
from mtl_search.data.readers.paths import PACKAGE, find_file
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError, DataError

logger = logging.getLogger(__name__)

_FORMAT = "token vectors 1"  # in every key: another number when vectors are computed or stored in another way
_BATCH = 32


@dataclass(frozen=True)
class Subwords:
    """Sentences as sub-words.

    Attributes:
        ids: (N, S) int64, padded with the tokenizer's own padding.
        mask: (N, S) bool, True at real sub-words, the special ones at both ends included.
        words: (N, S) int64, the token that a sub-word is part of, -1 for special ones and padding.
    """

    ids: Array
    mask: Array
    words: Array


def encoder_source(name: str, value: object) -> tuple[str, str]:
    """What transformers loads, and a text that changes when the encoder does.

    Args:
        name: The argument, for messages.
        value: A folder, `package:NAME/path` for one inside an installed package, or a name on the hub.
    """
    written = check_text(value, f"data.{name}")
    if written.startswith(PACKAGE) or Path(written).expanduser().is_dir():
        folder = find_file(name, written, ())
        return str(folder), folder_digest(folder)
    if written.startswith((".", "/", "~")):
        find_file(name, written, ())
        raise ConfigError(
            "an encoder is a folder (with config.json), or a name on the hub",
            path=f"data.{name}",
            value=value,
        )
    return written, written


def load_tokenizer(name: str, source: str) -> Any:
    """The fast tokenizer of an encoder.

    Raises:
        ConfigError: transformers is not installed, or cannot load it.
    """
    tokenizer = _load(name, source, "AutoTokenizer")
    if not tokenizer.is_fast:
        raise ConfigError(
            "this encoder has no fast tokenizer, which alone tells sub-words from words",
            path=f"data.{name}",
            value=source,
        )
    return tokenizer


def subwords(tokenizer: Any, sentences: Sequence[Sequence[str]], longest: int) -> Subwords:
    """Sub-words of sentences that are tokens already; what is longer is cut at its end.

    Args:
        tokenizer: From `load_tokenizer`.
        sentences: N lists of tokens.
        longest: The most sub-words of a sentence.
    """
    encoded = tokenizer(
        [list(tokens) for tokens in sentences],
        is_split_into_words=True, truncation=True, max_length=longest, padding="longest", return_tensors="np",
    )  # fmt: skip
    mask = encoded["attention_mask"].astype(np.bool_)
    words = [
        [-1 if word is None else word for word in encoded.word_ids(row)]
        for row in range(len(sentences))
    ]
    return Subwords(
        encoded["input_ids"].astype(np.int64), mask, np.where(mask, np.array(words, np.int64), -1)
    )


def token_vectors(
    name: str,
    value: object,
    sentences: Sequence[Sequence[str]],
    windows: tuple[Array, Array, int],
    folder: Path,
) -> Path:
    """A `.npy` file with a vector for each kept token, (N, T, W) float16, 0 at padding; computed once.

    A token's vector is the mean over its sub-words of the encoder's last hidden state, in the whole sentence.

    Args:
        name: The argument, for messages.
        value: The encoder, as for `encoder_source`.
        sentences: N lists of tokens.
        windows: (N,) first kept token, (N,) number of kept tokens, and T.
        folder: Where results are kept; the file's name tells encoder, sentences and windows.

    Raises:
        ConfigError: The encoder cannot be loaded.
        DataError: It gives no finite vectors, or the folder cannot be written to.
    """
    start, length, size = windows
    source, identity = encoder_source(name, value)
    kept = [str(size), *map(str, start), *map(str, length)]
    key = digest([_FORMAT, identity, *kept, *("\x1f".join(tokens) for tokens in sentences)])
    return cached(
        folder, key, ".npy", lambda path: _write_vectors(path, name, source, sentences, windows)
    )


def _write_vectors(
    path: Path,
    name: str,
    source: str,
    sentences: Sequence[Sequence[str]],
    windows: tuple[Array, Array, int],
) -> None:
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer, model = (
        load_tokenizer(name, source),
        _load(name, source, "AutoModel").eval().to(device),
    )
    start, length, size = windows
    longest = min(
        int(getattr(model.config, "max_position_embeddings", 512)), tokenizer.model_max_length, 512
    )
    width = int(model.config.hidden_size)
    stored = np.lib.format.open_memmap(
        path, mode="w+", dtype=np.float16, shape=(len(sentences), size, width)
    )
    # Sentences of like length together, so that little is spent on padding.
    order = np.argsort([len(tokens) for tokens in sentences], kind="stable")
    told = 0
    for done in range(0, len(order), _BATCH):
        rows = order[done : done + _BATCH]
        parts = subwords(tokenizer, [sentences[row] for row in rows], longest)
        with torch.inference_mode():
            mask = torch.from_numpy(parts.mask).to(device)
            hidden = model(
                input_ids=torch.from_numpy(parts.ids).to(device), attention_mask=mask.long()
            )[0]
        vectors = hidden.float().cpu().numpy()
        if not np.isfinite(vectors).all():
            raise DataError(f"the encoder {source} gives vectors that are not finite")
        for x, words, row in zip(vectors, parts.words, rows, strict=True):
            mean = _mean_by_word(x, words, len(sentences[row]))
            stored[row, : length[row]] = mean[start[row] : start[row] + length[row]]
        percent = 100 * (done + len(rows)) // len(order)
        if percent // 10 > told:
            told = percent // 10
            logger.info("token vectors of %s: %d %% of %d sentences", source, percent, len(order))
    stored.flush()


def _mean_by_word(x: Array, words: Array, count: int) -> Array:
    """(count, W) mean of the sub-words (S, W) of each token; 0 for a token without any, such as a strange character."""
    part = words >= 0
    total = np.zeros((count, x.shape[1]), np.float32)
    np.add.at(total, words[part], x[part])
    return total / np.bincount(words[part], minlength=count).clip(1)[:, None]  # type: ignore[no-any-return]


def _load(name: str, source: str, kind: str) -> Any:
    """A tokenizer or a model of transformers.

    Raises:
        ConfigError: The package is missing, or it cannot load this.
    """
    from mtl_search.extras import hub, import_extra

    if Path(source).is_dir() and not (Path(source) / "config.json").exists():
        raise ConfigError(
            "this folder holds no encoder of transformers: there is no config.json in it",
            path=f"data.{name}",
            value=source,
        )
    transformers = import_extra("transformers", "text", f"data.{name}")
    transformers.utils.logging.disable_progress_bar()  # one that appears and is gone again for every file
    try:
        with nullcontext() if Path(source).is_dir() else hub(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files that other libraries wrote beside the model
            return getattr(transformers, kind).from_pretrained(source)
    except Exception as error:  # noqa: BLE001  transformers raises what it likes, from OSError to KeyError
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ConfigError(
            f"transformers cannot load this encoder: {first}", path=f"data.{name}", value=source
        ) from None
