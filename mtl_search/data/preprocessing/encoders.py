"""Encoders of the package transformers: where they are, and how they travel with a model."""

from __future__ import annotations

import json
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_search.config.checks import check_text
from mtl_search.data.readers.cache import folder_digest
from mtl_search.data.readers.paths import PACKAGE, find_file
from mtl_search.errors import ConfigError, first_line


@dataclass(frozen=True)
class EncoderSource:
    """Where an encoder comes from.

    Attributes:
        name: What transformers loads: a folder, or a name on the hub.
        identity: A text that changes when the encoder does.
    """

    name: str
    identity: str


def encoder_source(argument: str, value: object) -> EncoderSource:
    """Find the encoder that an argument names.

    Args:
        argument: The argument, for messages.
        value: A folder, `package:NAME/path` for one inside an installed package, or a name on the
            hub.

    Raises:
        ConfigError: The value is a path and there is no folder.
    """
    written = check_text(value, f"data.{argument}")
    if written.startswith(PACKAGE) or Path(written).expanduser().is_dir():
        folder = find_file(argument, written, ())
        return EncoderSource(str(folder), folder_digest(folder))
    if written.startswith((".", "/", "~")):
        find_file(argument, written, ())
        raise ConfigError(
            "an encoder is a folder (with config.json), or a name on the hub",
            path=f"data.{argument}",
            value=value,
        )
    return EncoderSource(written, written)


def write_encoder(argument: str, source: str, folder: Path, *, weights: bool) -> None:
    """Write an encoder into a folder of its own, which `encoder_source` finds as any other.

    Args:
        argument: The argument that names the encoder, for messages.
        source: The name of its `EncoderSource`.
        folder: The folder.
        weights: Whether its vectors are needed, too, and not its sub-words alone.

    Raises:
        ConfigError: The encoder cannot be loaded.
    """
    if weights:
        load_part(argument, source, "AutoModel").save_pretrained(folder)
    else:
        load_part(argument, source, "AutoConfig").save_pretrained(folder)
    load_tokenizer(argument, source).save_pretrained(folder)
    # Neither a path of this machine nor what other libraries wrote is of use elsewhere.
    for file in folder.glob("*config.json"):
        tree = json.loads(file.read_text(encoding="utf-8"))
        kept = {key: value for key, value in tree.items() if not key.endswith("name_or_path")}
        file.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def load_tokenizer(argument: str, source: str) -> Any:
    """Load the fast tokenizer of an encoder.

    Args:
        argument: The argument that names the encoder, for messages.
        source: The name of its `EncoderSource`.

    Raises:
        ConfigError: transformers is not installed, or cannot load the tokenizer.
    """
    tokenizer = load_part(argument, source, "AutoTokenizer")
    if not tokenizer.is_fast:
        raise ConfigError(
            "this encoder has no fast tokenizer, which alone tells sub-words from words",
            path=f"data.{argument}",
            value=source,
        )
    return tokenizer


def load_part(argument: str, source: str, kind: str) -> Any:
    """Load a part of an encoder.

    Args:
        argument: The argument that names the encoder, for messages.
        source: The name of its `EncoderSource`.
        kind: The class of transformers that loads it, such as `AutoModel`.

    Raises:
        ConfigError: The package is missing, or cannot load this.
    """
    from mtl_search.extras import hub, import_extra

    is_folder = Path(source).is_dir()
    if is_folder and not (Path(source) / "config.json").exists():
        raise ConfigError(
            "this folder holds no encoder of transformers: there is no config.json in it",
            path=f"data.{argument}",
            value=source,
        )
    transformers = import_extra("transformers", "text", f"data.{argument}")
    # A progress bar would appear and vanish again for every file.
    transformers.utils.logging.disable_progress_bar()
    try:
        with nullcontext() if is_folder else hub(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of files that other libraries wrote beside the model
            return getattr(transformers, kind).from_pretrained(source, trust_remote_code=False)
    # transformers raises many kinds, from OSError to KeyError.
    except Exception as error:  # noqa: BLE001
        raise ConfigError(
            f"transformers cannot load this encoder: {first_line(error)}",
            path=f"data.{argument}",
            value=source,
        ) from None
