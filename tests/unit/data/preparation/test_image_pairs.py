"""Pairs of images as mappings, arrays and files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtl_search.data.preparation.image_pairs import ImagePairsPreparation
from mtl_search.errors import DataError

PREPARATION = ImagePairsPreparation((1, 4, 5), 255.0, "uint8")
LEFT = np.arange(40, dtype=np.uint8).reshape(2, 4, 5)


def test_channels_are_where_they_may_be(tmp_path: Path) -> None:
    expected = (LEFT[:, None] / np.float32(255)).astype(np.float32)
    np.savez(tmp_path / "a.npz", left=LEFT, right=LEFT[..., None])
    (batch,) = PREPARATION.read(tmp_path / "a.npz", 10)
    for raw in (
        {"left": LEFT, "right": LEFT[..., None]},
        np.stack([LEFT[:, None], LEFT[:, None]], axis=1),
        batch,
    ):
        for view in PREPARATION.transform(raw).inputs.values():
            np.testing.assert_allclose(view, expected)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float64"])
def test_pixels_of_any_type_are_fractions_without_a_scale(dtype: str) -> None:
    preparation = ImagePairsPreparation((1, 4, 5), 1.0, dtype)
    for pixels in (LEFT.astype(dtype), LEFT.astype(np.int32)):
        for view in preparation.transform({"left": pixels, "right": pixels}).inputs.values():
            assert view.dtype == np.float32
            np.testing.assert_array_equal(view[:, 0], LEFT)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (1, 4, 5)])
def test_fields_have_the_shape_of_the_files(shape: tuple[int, ...]) -> None:
    stored = ImagePairsPreparation((1, 4, 5), 255.0, "uint8", raw_shape=shape).to_json()
    preparation = ImagePairsPreparation.from_json(stored)
    assert [field.shape for field in preparation.describe()] == [shape, shape]
    assert preparation.example()["left"].shape == (1, *shape)
    assert preparation.transform(preparation.example()).inputs["left"].shape == (1, 1, 4, 5)
    del stored["raw_shape"]  # as of a model that was kept before
    assert ImagePairsPreparation.from_json(stored).describe()[0].shape == (1, 4, 5)


def test_one_side_will_do_where_the_network_reads_no_more() -> None:
    left = PREPARATION.for_views({"left"})
    assert set(left.transform({"left": LEFT}).inputs) == {"left"}
    assert set(left.example()) == {"left"}
    with pytest.raises(DataError, match=r"lacks the view 'right'"):
        PREPARATION.transform({"left": LEFT})
    with pytest.raises(DataError, match=r"pairs of images \(N, 2, C, H, V\)"):
        PREPARATION.transform(LEFT)
