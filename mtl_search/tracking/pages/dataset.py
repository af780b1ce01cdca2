"""The data of a sweep as MLflow's data set: name, digest, sizes of the splits, targets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mtl_search.storage.records import SweepRecord
from mtl_search.tracking.mapping import clean_name

# The limits of MLflow, in characters.
_DIGEST_LENGTH = 36
_NAME_LENGTH = 500


def data_of(record: SweepRecord) -> Mapping[str, Any] | None:
    """Return what the journal says of the data; None in sweeps of earlier versions.

    Args:
        record: The sweep's record.
    """
    return record.data if record.data.get("digest") else None


def dataset_input(data: Mapping[str, Any], context: str) -> Any:
    """Return the input of a run.

    Args:
        data: `name`, `digest`, `splits` (split → number of samples) and `targets`.
        context: What the run uses it for, such as `training`.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

    splits = dict(data.get("splits") or {})
    profile = {f"samples {split}": count for split, count in splits.items()}
    dataset = Dataset(
        name=clean_name(str(data.get("name") or "data"))[:_NAME_LENGTH],
        digest=str(data["digest"])[:_DIGEST_LENGTH],
        source_type="code",
        source=json.dumps({"tags": {"mlflow.source.name": "mtl-search"}}),
        profile=json.dumps({**profile, "targets": _targets(data.get("targets"))}),
    )
    return DatasetInput(dataset, [InputTag(MLFLOW_DATASET_CONTEXT, context)])


def _targets(targets: Any) -> Any:
    return dict(targets) if isinstance(targets, Mapping) else list(targets or ())
