"""The data of a sweep as MLflow's data set: name, digest, sizes of the splits, targets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mtl_search.storage.records import SweepRecord
from mtl_search.tracking.mapping import clean_name

# The limit of MLflow, in characters.
_DIGEST_LENGTH = 36


def data_of(record: SweepRecord) -> Mapping[str, Any] | None:
    """Return what the journal says of the data; None in sweeps of earlier versions.

    Args:
        record: The sweep's record.
    """
    return record.data if record.data.get("digest") else None


def dataset_key(data: Mapping[str, Any]) -> tuple[str, str]:
    """Return name and digest of the data as MLflow has them.

    Args:
        data: What `data_of` returned.
    """
    return clean_name(str(data["name"])), str(data["digest"])[:_DIGEST_LENGTH]


def dataset_input(data: Mapping[str, Any], context: str) -> Any:
    """Return the input of a run.

    Args:
        data: `name`, `digest`, `splits` (split → number of samples) and `targets`.
        context: What the run uses it for, such as `training`.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

    profile = {f"samples {split}": count for split, count in data["splits"].items()}
    name, digest = dataset_key(data)
    dataset = Dataset(
        name=name,
        digest=digest,
        source_type="code",
        source=json.dumps({"tags": {"mlflow.source.name": "mtl-search"}}),
        profile=json.dumps({**profile, "targets": dict(data["targets"])}),
    )
    return DatasetInput(dataset, [InputTag(MLFLOW_DATASET_CONTEXT, context)])
