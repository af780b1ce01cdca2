"""What encoders of transformers make of tokens: their frozen vectors, or sub-words.

Sub-words are for an encoder that is trained with the network. transformers is an optional
dependency (`pip install 'mtl-search[text]'`) and imported at first use.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mtl_search.data.preprocessing.encoders import encoder_source, load_part, load_tokenizer
from mtl_search.data.preprocessing.token_windows import Windows
from mtl_search.data.readers.cache import cached, digest
from mtl_search.data.types import Array
from mtl_search.errors import DataError

logger = logging.getLogger(__name__)

# Part of every cache key: another number when vectors are computed or stored in another way.
_FORMAT = "token vectors 1"
_BATCH = 32
_MAX_SUBWORDS = 512


@dataclass(frozen=True)
class Subwords:
    """N sentences as sub-words.

    Attributes:
        ids: (N, S) int64, padded with the tokenizer's own padding.
        mask: (N, S) bool, True at real sub-words, the special ones at both ends included.
        words: (N, S) int64, the token that a sub-word is part of; -1 for special ones and padding.
    """

    ids: Array
    mask: Array
    words: Array


def subwords(
    tokenizer: Any, sentences: Sequence[Sequence[str]], longest: int, width: int = 0
) -> Subwords:
    """Divide tokens into sub-words; sentences that are too long lose their end.

    Args:
        tokenizer: The result of `load_tokenizer`.
        sentences: N lists of tokens.
        longest: The most sub-words of a sentence.
        width: The least S; shorter sentences are padded to it.
    """

    def encode(most: int, padding: str) -> Any:
        return tokenizer(
            list(map(list, sentences)),
            is_split_into_words=True, truncation=True, max_length=most, padding=padding,
            return_tensors="np",
        )  # fmt: skip

    encoded = encode(longest, "longest")
    if encoded["input_ids"].shape[1] < width:
        encoded = encode(width, "max_length")
    mask = encoded["attention_mask"].astype(np.bool_)
    words = np.full(mask.shape, -1, np.int64)
    for row in range(len(sentences)):
        words[row] = [-1 if word is None else word for word in encoded.word_ids(row)]
    return Subwords(encoded["input_ids"].astype(np.int64), mask, np.where(mask, words, -1))


def token_vectors(
    argument: str, value: object, sentences: Sequence[Sequence[str]], windows: Windows, folder: Path
) -> Path:
    """Compute a vector for each kept token, once, and keep all in a `.npy` file.

    A token's vector is the mean over its sub-words of the encoder's last hidden state, in the whole
    sentence.

    Args:
        argument: The argument that names the encoder, for messages.
        value: The encoder, as for `encoder_source`.
        sentences: N lists of tokens.
        windows: Which tokens of each sentence are kept.
        folder: The folder of the file, whose name depends on encoder, sentences and windows.

    Returns:
        The file, (N, T, W) float16 with 0 at padding.

    Raises:
        ConfigError: The encoder cannot be loaded.
        DataError: It gives no finite vectors, or the folder cannot be written to.
    """
    source = encoder_source(argument, value)
    kept = [str(windows.size), *map(str, windows.start), *map(str, windows.length)]
    texts = map("\x1f".join, sentences)
    key = digest([_FORMAT, source.identity, *kept, *texts])

    def write(path: Path) -> None:
        encoder = FrozenEncoder(argument, source.name)
        shape = (len(sentences), windows.size, encoder.width)
        stored = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
        encoder.write(stored, sentences, windows)
        stored.flush()

    return cached(folder, key, ".npy", write)


class FrozenEncoder:
    """An encoder that gives a vector for each token.

    Args:
        argument: The argument that names the encoder, for messages.
        source: The name of its `EncoderSource`.

    Attributes:
        width: W, the width of a vector.

    Raises:
        ConfigError: The encoder cannot be loaded.
    """

    def __init__(self, argument: str, source: str) -> None:
        import torch

        self._source = source
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._tokenizer = load_tokenizer(argument, source)
        self._model = load_part(argument, source, "AutoModel").eval().to(self._device)
        positions = int(getattr(self._model.config, "max_position_embeddings", _MAX_SUBWORDS))
        self._longest = min(positions, self._tokenizer.model_max_length, _MAX_SUBWORDS)
        self.width = int(self._model.config.hidden_size)

    def write(self, out: Array, sentences: Sequence[Sequence[str]], windows: Windows) -> None:
        """Write the vectors of the kept tokens.

        Args:
            out: (N, T, W) float16, 0 where nothing is written.
            sentences: N lists of tokens.
            windows: Which tokens of each sentence are kept.

        Raises:
            DataError: The encoder gives vectors that are not finite.
        """
        # Sentences of like length share a batch, so that little is computed for padding.
        order = np.argsort(list(map(len, sentences)), kind="stable")
        percent = 0
        for done in range(0, len(order), _BATCH):
            rows = order[done : done + _BATCH]
            for row, (vectors, words) in zip(rows, self._encode(sentences, rows), strict=True):
                means = _mean_by_word(vectors, words, len(sentences[row]))[windows.kept(row)]
                out[row, : len(means)] = means
            percent_before = percent
            percent = 100 * (done + len(rows)) // len(order)
            if percent // 10 > percent_before // 10:
                logger.info(
                    "token vectors of %s: %d %% of %d sentences", self._source, percent, len(order)
                )

    def _encode(
        self, sentences: Sequence[Sequence[str]], rows: Array
    ) -> Iterator[tuple[Array, Array]]:
        """Yield hidden states (S, W) and words (S,) of each sentence."""
        import torch

        batch = subwords(self._tokenizer, [sentences[row] for row in rows], self._longest)
        with torch.inference_mode():
            hidden = self._model(
                input_ids=torch.from_numpy(batch.ids).to(self._device),
                attention_mask=torch.from_numpy(batch.mask).to(self._device).long(),
            )[0]
        vectors = hidden.float().cpu().numpy()
        if not np.isfinite(vectors).all():
            raise DataError(f"the encoder {self._source} gives vectors that are not finite")
        yield from zip(vectors, batch.words, strict=True)


def _mean_by_word(vectors: Array, words: Array, count: int) -> Array:
    """Return the mean of the sub-words (S, W) of each token, (count, W).

    A token without any sub-word, such as a strange character, gets 0.
    """
    in_word = words >= 0
    total = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(total, words[in_word], vectors[in_word])
    subwords_of_word = np.bincount(words[in_word], minlength=count).clip(1)
    return np.asarray(total / subwords_of_word[:, None])
