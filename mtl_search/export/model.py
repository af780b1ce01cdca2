"""A model: one or several trained networks that predict from raw rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mtl_search.config.consent import TrustCode
from mtl_search.errors import ConfigError
from mtl_search.export.batches import (
    PredictedBatch,
    Progress,
    is_prepared,
    predict_prepared,
    predict_raw,
)
from mtl_search.export.joining import join_arrays
from mtl_search.export.members import Member
from mtl_search.export.networks import Networks
from mtl_search.training.predictor import Predictor

if TYPE_CHECKING:
    import pandas as pd

    from mtl_search.export.card import Format
    from mtl_search.export.exporting import Exported

Output = Literal["frame", "arrays"]


class Model(Networks):
    """One or several trained networks that predict from raw rows, without data set or sweep.

    `Result.load_model` gives that of a sweep, and `Model.load` reads a saved one. All have the same
    interface: a network that tasks share, separate networks of the tasks, or an ensemble of
    networks that differ in their random seeds.

    Args:
        members: The networks.
        info: What else is known of the model, as plain JSON types: the sweep, the verdict.

    Attributes:
        members: The networks, each with its tasks.
        tasks: The tasks, in the order of the networks.
        targets: Task → its target, without values: kind and names of classes.
        classes: Task → the names of its classes in the order of their numbers; empty for real
            targets.
        positive: Binary task → its positive class, whose probability is predicted.
        info: What else is known of the model.

    Raises:
        SweepError: There is no network.

    Examples:
        >>> import numpy as np
        >>> from mtl_search import Model, load_config
        >>> from mtl_search.data import DataSet, Target
        >>> from mtl_search.data.spec import data_spec
        >>> from mtl_search.models.build import build_network
        >>> from mtl_search.training.predictor import Predictor
        >>> x = np.zeros((6, 4), dtype=np.float32)
        >>> kind = Target(np.array([0, 1, 0, 1, 0, 1]), "class", ("a", "b"))
        >>> splits = {"train": [0, 1], "validation": [2, 3], "test": [4, 5]}
        >>> data = DataSet({"x": x}, {"kind": kind}, splits)
        >>> tree = {"name": "a", "data": "arrays", "tasks": {"kind": {"head": "softmax"}}}
        >>> config = load_config({**tree, "model": {"backbone": "mlp"}})
        >>> network = build_network(config, data)
        >>> model = Model.of(Predictor(network, config, data_spec(data)))
        >>> frame = model.predict({"x": x[:3]}, output="frame")
        >>> list(frame.columns), len(frame)
        (['kind', 'kind:a', 'kind:b'], 3)
    """

    @classmethod
    def of(cls, predictor: Predictor, **about: Any) -> Model:
        """Return the model of one network.

        Args:
            predictor: The network.
            about: Further attributes of its `Member`.
        """
        return cls([Member(predictor, tuple(predictor.network.heads), **about)])

    @classmethod
    def load(cls, folder: str | Path, *, trust_code: TrustCode = False) -> Model:
        """Load a model that `save` wrote, or a network that a sweep has kept.

        Args:
            folder: The folder, with `model.json` and `model.safetensors`.
            trust_code: Whether code (`module:attribute`) that the model names may run where the
                folder is not yours: all of it, or that of these modules.

        Raises:
            ConfigError: The folder is not yours, and names code that is not trusted.
            SweepError: There is no model in the folder, or it is broken.
        """
        from mtl_search.export.folder import load_model

        members, info = load_model(Path(folder).expanduser(), trust_code)
        return cls(members, info)

    def save(self, folder: str | Path) -> None:
        """Write the model into a folder that stands alone: `model.json` and `model.safetensors`.

        It needs neither the sweep nor the data set. Code of yours that the config names
        (`module:attribute`) must be importable where the model is loaded.

        Args:
            folder: The folder; a model that is there already is replaced.

        Raises:
            SweepError: The folder has other files in it.
        """
        from mtl_search.export.folder import save_model

        save_model(self.members, self.info, Path(folder).expanduser())

    def export(
        self,
        folder: str | Path,
        *,
        format: Format = "onnx",  # noqa: A002  # as `--format`
        tasks: Sequence[str] | None = None,
    ) -> Exported:
        """Write the model as a graph that runs without this project, with a card beside it.

        What the chosen tasks do not need is left out. The number of rows may vary, and so may that
        of tokens where a view has a mask.

        Args:
            folder: The folder; an export that is there already is replaced.
            format: `onnx`: `model.onnx`; `torch`: `model.pt2` of `torch.export`.
            tasks: The tasks; default: all.

        Raises:
            ConfigError: There is no such task or format.
            SweepError: A network cannot be exported, and why; or a package is missing.
        """
        from mtl_search.export.exporting import export_model

        chosen = self._chosen(tasks)
        return export_model(
            self.members,
            self.targets,
            chosen,
            Path(folder).expanduser(),
            format,
            preparation=self.preparation,
            info=self.info,
        )

    def to(self, device: str) -> Model:
        """Move all networks to a device, such as `cuda`, and return the model."""
        for member in self.members:
            member.predictor.network.to(device)
        return self

    def predict(
        self,
        raw: Any,
        masks: Mapping[str, Any] | None = None,
        batch_size: int | None = None,
        *,
        tasks: Sequence[str] | None = None,
        source: str | None = None,
        output: Output | None = None,
        prepared: bool | None = None,
        progress: Progress | None = None,
    ) -> Any:
        """Predict the tasks of rows.

        Args:
            raw: A data frame; a list of paths, images or sentences; a mapping of columns or arrays;
                or the path of a file or folder of such rows.
            masks: View → (N, T) bool, beside views that are prepared already.
            batch_size: The number of rows that are predicted at a time; default: 2,048 where a row
                is a vector of at most 256 numbers, else 512.
            tasks: The tasks; default: all.
            source: The source that the rows are from, where training had several.
            output: `frame`: a data frame with a column for each task's label or value and one for
                each probability; `arrays`: task → array. Default: `arrays` for prepared views,
                else `frame`.
            prepared: Whether the arrays are prepared as the data set prepared them. Default: a
                mapping that has every view in the type that the network reads is.
            progress: A function that is called after each batch with the rows that are done and
                the number of all, None where that is not known.

        Returns:
            The data frame, or task → array: (N, C) probabilities of classes, (N,) of a binary
            target, (N, L) of labels; (N,) values in the target's own units or (N, L) vectors; or
            (N, T) tags. Of an ensemble these are means, and `<task>:spread` is their standard
            deviation over the networks.

        Raises:
            DataError: The rows are not what training saw; the message says what is needed.
            SweepError: There is no such task, or the model was kept without its preparation.
        """
        if output not in (None, "frame", "arrays"):
            raise ConfigError(
                "not a form of output", path="output", value=output, allowed=("frame", "arrays")
            )
        if prepared is None:
            prepared = masks is not None or is_prepared(self.members, raw)
        if prepared:
            size = self._batch_size(batch_size)
            chosen = self._chosen(tasks)
            batches = [predict_prepared(self.members, raw, masks or {}, chosen, size)]
        else:
            batches = list(self._predict_raw(raw, tasks, batch_size, source, progress))
        if output == "arrays" or (output is None and prepared):
            return join_arrays([batch.arrays() for batch in batches])
        import pandas as pd

        frames = [batch.frame() for batch in batches]
        return frames[0] if len(frames) == 1 else pd.concat(frames)

    def predict_batches(
        self,
        raw: Any,
        batch_size: int | None = None,
        *,
        tasks: Sequence[str] | None = None,
        source: str | None = None,
        progress: Progress | None = None,
    ) -> Iterator[pd.DataFrame]:
        """Yield the frame of `predict` a batch at a time: no more rows than that are in memory.

        Arguments and errors are those of `predict`; the rows may be a file larger than the memory.
        """
        for batch in self._predict_raw(raw, tasks, batch_size, source, progress):
            yield batch.frame()

    def _predict_raw(
        self,
        raw: Any,
        tasks: Sequence[str] | None,
        batch_size: int | None,
        source: str | None,
        progress: Progress | None,
    ) -> Iterator[PredictedBatch]:
        preparation = self._known_preparation().of_source(source)
        size = self._batch_size(batch_size)
        chosen = self._chosen(tasks)
        return predict_raw(self.members, preparation, raw, chosen, size, progress=progress)
