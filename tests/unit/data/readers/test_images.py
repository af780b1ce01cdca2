"""Image files: right pixels whatever their type, and bad files named."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.data.readers.images import (
    ImageFiles,
    Seen,
    check_images,
    decode_image,
    list_problems,
    map_in_threads,
)

Image = pytest.importorskip(
    "PIL.Image", reason="an optional dependency: pip install 'mtl-search[images]'"
)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("mode", "white"), [("I;16", 65535), ("I", 65535), ("F", 1.0)])
def test_pixels_of_more_than_a_byte_are_scaled(
    tmp_path: Path, mode: str, white: float, channels: int
) -> None:
    kinds: dict[str, Any] = {"I;16": np.uint16, "I": np.int32, "F": np.float32}
    pixels = (np.linspace(0, 1, 48).reshape(6, 8) * white).astype(kinds[mode])
    Image.fromarray(pixels).save(tmp_path / "a.tiff")
    with Image.open(tmp_path / "a.tiff") as image:
        assert image.mode == mode
    found = decode_image(tmp_path / "a.tiff", (channels, 6, 8))
    assert np.abs(found - pixels / white * 255).max() <= 1


def test_pixels_whose_white_is_not_known_are_a_bad_image(tmp_path: Path) -> None:
    Image.fromarray(np.full((6, 8), 300.0, np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(ValueError, match="only 0 to 1 can be read"):
        decode_image(tmp_path / "a.tiff", (1, 6, 8))


def test_images_are_cropped_in_the_middle_and_turned_upright(tmp_path: Path) -> None:
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, 2:6] = 200
    image = Image.fromarray(pixels)
    image.save(tmp_path / "wide.png")
    assert (decode_image(tmp_path / "wide.png", (3, 4, 4)) == 200).all()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.fromarray(np.repeat([[0], [250]], 2, 1).astype(np.uint8)).save(
        tmp_path / "turned.png", exif=exif
    )
    assert decode_image(tmp_path / "turned.png", (1, 2, 2))[0].tolist() == [[250, 0], [250, 0]]


def test_files_are_checked_and_their_pixels_kept(tmp_path: Path) -> None:
    Image.new("L", (2, 2), 100).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no image")
    out = np.zeros((2, 1, 2, 2), np.uint8)
    problems = check_images([tmp_path / "a.png", tmp_path / "b.png"], (1, 2, 2), out)
    assert problems[0] == ""
    assert "cannot identify image" in problems[1]
    assert (out[0] == 100).all()
    assert not out[1].any()


def test_images_are_read_by_number_or_slice(tmp_path: Path) -> None:
    paths = [tmp_path / f"{k}.png" for k in range(3)]
    for k, path in enumerate(paths):
        Image.new("L", (2, 2), 51 * k).save(path)
    images = ImageFiles(paths, (1, 2, 2))
    assert (len(images), images.shape, images.nbytes) == (3, (3, 1, 2, 2), 48)
    assert images[np.array([2, 0])][:, 0, 0, 0] == pytest.approx([0.4, 0])
    assert images[1:][:, 0, 0, 0] == pytest.approx([0.2, 0.4])
    assert images[np.array([], int)].shape == (0, 1, 2, 2)


def test_a_list_of_problems_ends_with_how_many_more_there_are() -> None:
    names = [f"{k}.png" for k in range(7)]
    assert list_problems(names[:1], ["bad"]) == "0.png (bad)"
    assert list_problems(names, ["bad"] * 7).endswith("4.png (bad); and 2 more")


def test_threads_keep_the_order() -> None:
    threads = set()

    def square(k: int) -> int:
        threads.add(threading.current_thread().name)
        return k * k

    assert map_in_threads(square, list(range(50))) == [k * k for k in range(50)]
    assert all(name.startswith("decode") for name in threads)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white_and_what_is_opaque_stays(tmp_path: Path, mode: str) -> None:
    drawn = Image.new("RGBA", (8, 8), (10, 20, 30, 0))
    drawn.paste((0, 0, 0, 255), (2, 2, 6, 6))
    (drawn.quantize() if mode == "P" else drawn.convert(mode)).save(tmp_path / "a.png")
    pixels = decode_image(tmp_path / "a.png", (3, 8, 8))
    assert (pixels[:, 0, 0] == 255).all()
    assert (pixels[:, 4, 4] == 0).all()
    Image.new("RGBA", (8, 8), (10, 200, 30, 255)).save(tmp_path / "b.png")
    assert decode_image(tmp_path / "b.png", (3, 8, 8))[:, 3, 3].tolist() == [10, 200, 30]


def test_few_bits_and_frames_are_told(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 4000, np.uint16)).save(tmp_path / "a.png")
    frames = [Image.new("L", (4, 4), 200), Image.new("L", (4, 4), 100)]
    frames[0].save(tmp_path / "b.gif", save_all=True, append_images=frames[1:])
    seen = Seen()
    paths = [tmp_path / "a.png", tmp_path / "b.gif"]
    assert check_images(paths, (1, 4, 4), None, None, seen) == ["", ""]
    frames_note, bits_note = seen.notes()
    assert frames_note.startswith("1 of 2 images have several frames")
    assert bits_note.endswith("`white: 4095`")
    assert decode_image(paths[0], (1, 4, 4), white=4095).max() == round(4000 / 4095 * 255)
    assert decode_image(paths[0], (1, 4, 4)).max() == 16


def test_a_name_in_other_capitals_is_suggested(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"no such file; did you mean 'a\.png'"):
        decode_image(tmp_path / "A.PNG", (1, 4, 4))
