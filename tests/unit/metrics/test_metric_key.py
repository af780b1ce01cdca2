"""Keys of metrics: written and read again."""

from __future__ import annotations

import pytest

from mtl_search.metrics.metric_key import MetricKey, metric_key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("val/left/accuracy", MetricKey("val", "left", "accuracy")),
        ("train/left/loss", MetricKey("train", "left", "loss")),
        ("test/a/b/mse", MetricKey("test", "a/b", "mse")),
        ("val/left/my_metrics:Cohen", MetricKey("val", "left", "my_metrics:Cohen")),
    ],
)
def test_a_key_is_read_as_it_was_written(text: str, key: MetricKey) -> None:
    assert MetricKey.parse(text) == key
    assert str(key) == metric_key(key.split, key.task, key.metric) == text


@pytest.mark.parametrize(
    "text", ["", "lr", "train/penalty", "/left/loss", "val//loss", "val/left/"]
)
def test_what_belongs_to_no_task_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="is not <split>/<task>/<metric>"):
        MetricKey.parse(text)
