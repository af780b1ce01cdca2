"""Writes images of Fashion-MNIST as PNG files with a CSV of labels, the data of
`configs/category_age.yaml`.

    python tests/support/garments.py garments ../shared/data/fashion_mnist [number of images]

The CSV has the columns `file`, `category` (10 garments) and `age`: how dark the garment is,
measured from its pixels on three levels, as a stand-in for an ordered attribute. Every 20th age is
left empty.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from mtl_search.data.readers.idx import read_idx

CATEGORIES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
AGES = ("0 light", "1 medium", "2 dark")
# Mean of the pixels above 0, which a third of the garments each fall below, between and above.
_LEVELS = (115.0, 150.0)


def write_garments(folder: Path, source: Path, count: int = 6000) -> Path:
    """Write the first images of the training file, and give the CSV's path."""
    images = read_idx(source / "train-images-idx3-ubyte.gz")[:count]
    labels = read_idx(source / "train-labels-idx1-ubyte.gz")[:count]
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "category", "age"])
        for number, (pixels, label) in enumerate(zip(images, labels, strict=True)):
            name = f"{number:05d}.png"
            Image.fromarray(pixels).save(folder / "images" / name)
            age = AGES[int(np.searchsorted(_LEVELS, pixels[pixels > 0].mean()))]
            table.writerow([name, CATEGORIES[label], "" if number % 20 == 19 else age])
    return folder / "labels.csv"


if __name__ == "__main__":
    write_garments(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:4]))
