"""Rows of one of several sources, each of which was prepared in its own way."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from mtl_search.data.preparation.base import Field, Preparation, Prepared
from mtl_search.data.preparation.stored import from_stored, to_stored
from mtl_search.errors import DataError, nearest


@dataclass(frozen=True)
class SourcesPreparation(Preparation):
    """The preparation of every source.

    Whoever predicts says which source rows are from (`source="left"`), since a table's numbers are
    scaled by the training rows of its own source. Where all sources are prepared alike, it need not
    be said.

    Attributes:
        sources: Source → its preparation.
    """

    sources: Mapping[str, Preparation]

    stored_name: ClassVar[str] = "sources"

    def transform(self, raw: Any) -> Prepared:
        """Prepare rows, where all sources are prepared alike."""
        return self.of_source(None).transform(raw)

    def to_json(self) -> dict[str, Any]:
        """Return the preparation of every source."""
        return {"sources": {name: to_stored(part) for name, part in self.sources.items()}}

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> SourcesPreparation:
        """Read what `to_json` returned."""
        return cls({name: from_stored(part) for name, part in tree["sources"].items()})

    @property
    def has_files(self) -> bool:
        """Whether a source needs any."""
        return any(part.has_files for part in self.sources.values())

    def write_files(self, folder: Path) -> None:
        """Write what every source needs, each into a folder that has its number."""
        for number, part in enumerate(self.sources.values()):
            own = folder / str(number)
            own.mkdir()
            part.write_files(own)

    def with_files(self, folder: Path) -> SourcesPreparation:
        """Return preparations that read what `write_files` has written."""
        parts = {
            name: part.with_files(folder / str(number))
            for number, (name, part) in enumerate(self.sources.items())
        }
        return replace(self, sources=parts)

    def describe(self) -> tuple[Field, ...]:
        """Return the fields of the first source."""
        return self._first.describe()

    def example(self) -> Any:
        """Return a small raw input of the first source."""
        return self._first.example()

    def for_views(self, views: Collection[str]) -> SourcesPreparation:
        """Return preparations that may leave out other views than these."""
        parts = {name: part.for_views(views) for name, part in self.sources.items()}
        return replace(self, sources=parts)

    def of_source(self, source: str | None) -> Preparation:
        """Return the preparation of one source.

        Raises:
            DataError: There is no such source, or it must be said which one.
        """
        if source is None:
            stored = [to_stored(part) for part in self.sources.values()]
            if all(part == stored[0] for part in stored):
                return self._first
            raise DataError(
                "the model was trained on several sources, each prepared in its own way: say which "
                f"one the rows are from (source=..., --source): {', '.join(self.sources)}"
            )
        if source not in self.sources:
            near = nearest(source, self.sources)
            hint = f"; did you mean {near!r}?" if near else ""
            raise DataError(
                f"there is no source {source!r}{hint} (sources: {', '.join(self.sources)})"
            )
        return self.sources[source]

    @property
    def _first(self) -> Preparation:
        return next(iter(self.sources.values()))
