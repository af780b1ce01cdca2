"""What a sweep is asked to be, and the check of it before Ray is started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtl_search.cluster import capacity
from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.data.datasets import load_data, subsample
from mtl_search.errors import SweepError
from mtl_search.metrics.objective import ObjectiveFunction
from mtl_search.search.arms import Arm, plan_arms
from mtl_search.search.contracts.objective import check_objective_function
from mtl_search.search.objectives import check_leave_one_out, objective_function
from mtl_search.search.preflight import Preflight, check_sweep
from mtl_search.search.provenance.data_set import check_same_data, describe_data
from mtl_search.search.resume import check_folder
from mtl_search.search.space.arm_space import ArmSpace
from mtl_search.search.space.space import SpaceFunction
from mtl_search.storage.arm_name import SEARCH
from mtl_search.storage.binding.going_on import how_to_go_on
from mtl_search.storage.events import DataDescribed
from mtl_search.storage.journal import Observer
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.remote import check_storage


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class SweepRequest:
    """Say which sweep to run, where, and with which parts of the user's.

    Attributes:
        config: The config to run.
        directory: The sweep's folder.
        resume: Whether to go on with the sweep in that folder; finished trials stay as they are.
        space: An Optuna define-by-run function in place of `search.space`; it suggests by dotted
            path.
        objective: A function of the metrics (`val/<task>/<metric>` → value) in place of
            `search.objective`, higher is better. Single-task arms keep their own metric all the
            same, as the references that they are.
        data: A data set in place of the one that the config names.
        observers: Called with every event of the journal, in the driver.
        on_hold: Called once this process holds the folder and the config fits it, before Ray
            starts: it begins what takes its time beside.
        on_start: Called when Ray has started, before the first event. An error that it raises ends
            the sweep.
        address: Address of a Ray cluster that runs already (see `connection.resolve_address`).
        go_on: The line that goes on with the sweep where Ray takes this process with it.
    """

    config: Config
    directory: Path
    resume: bool = False
    space: SpaceFunction | None = None
    objective: ObjectiveFunction | None = None
    data: DataSet | None = None
    observers: Sequence[Observer] = ()
    on_hold: Callable[[], None] = nothing
    on_start: Callable[[], None] = nothing
    address: str | None = None
    go_on: str = "--resume, or resume=True in Python"


@dataclass(frozen=True)
class CheckedSweep:
    """Hold a request that can run, with all that its check has worked out.

    Attributes:
        request: The request; its folder is an absolute path.
        data: The data set to train on.
        arms: The arms, in the order in which they begin.
        preflight: What the check has worked out of the network and its metrics.
        objective: The user's objective, from the request or from the config; None: there is none.
        address: The address of the Ray cluster.
        description: What the data set is, for the journal.
    """

    request: SweepRequest
    data: DataSet
    arms: Sequence[Arm]
    preflight: Preflight
    objective: ObjectiveFunction | None
    address: str
    description: DataDescribed

    @property
    def metrics(self) -> dict[str, tuple[str, ...]]:
        """Main task → names of its metrics."""
        return {task: self.preflight.metrics[task] for task in self.request.config.main_tasks}


def check_request(request: SweepRequest) -> CheckedSweep:
    """Check a request as far as possible without a Ray cluster, and write nothing.

    Args:
        request: The sweep to run.

    Raises:
        ConfigError: Something in the config is wrong.
        SweepError: The machine cannot run it, or the sweep to resume is damaged, or it began with
            other data.
    """
    from mtl_search.cluster import connection  # it imports Ray, which `validate` does without

    config = request.config
    # Absolute, since the processes of trials may work in another folder.
    directory = request.directory.absolute()
    record = check_folder(directory, config, resume=request.resume)
    _check_parts(request, record)
    capacity.check_capacity(config)
    check_storage(config)
    address = connection.resolve_address(request.address)
    data = load_data(config) if request.data is None else subsample(request.data, config)
    name = config.data.name
    description = describe_data(data, name, handed_over=request.data is not None)
    check_same_data(record, description, request.directory)
    preflight = check_sweep(
        config,
        data,
        needs_space=request.space is None,
        started=record.initial_points is not None,
        handed_over=request.data is not None,
    )
    if request.objective is not None:
        scales = preflight.scales.values
        check_objective_function(request.objective, preflight.metrics, scales)
    objective = request.objective or objective_function(config)
    check_leave_one_out(config, custom=objective is not None)
    arms = plan_arms(config)
    if request.space is not None:
        check_space_function(config, arms, request.space)
    return CheckedSweep(
        request=replace(request, directory=directory),
        data=data,
        arms=arms,
        preflight=preflight,
        objective=objective,
        address=address,
        description=description,
    )


def handed_over(request: SweepRequest) -> tuple[str, ...]:
    """Return the names of the parts of a sweep that are given in Python, and in no config."""
    parts = {"data": request.data, "space": request.space, "objective": request.objective}
    return tuple(name for name, part in parts.items() if part is not None)


def _check_parts(request: SweepRequest, record: SweepRecord) -> None:
    """Check that a sweep goes on with the functions that it began with; data have a digest.

    Raises:
        SweepError: A function is missing, or is a new one.
    """
    if not record.config:  # of an earlier version, which did not write them down
        return
    for name in ("space", "objective"):
        before, now = name in record.handed_over, name in handed_over(request)
        if before and not now:
            raise SweepError(
                f"the sweep in {request.directory} began with {name}= given in Python: "
                f"go on with {how_to_go_on(record, request.directory)}"
            )
        if now and not before:
            raise SweepError(
                f"the sweep in {request.directory} began without {name}=, so that its trials "
                f"would not fit: leave {name}= out, or start a new sweep in another folder"
            )


def check_space_function(config: Config, arms: Sequence[Arm], space: SpaceFunction) -> None:
    """Refuse a space function of the user's without loss weights where there are initial points.

    Args:
        config: The sweep's config.
        arms: The sweep's arms.
        space: The function.

    Raises:
        ConfigError: It searches no loss weight.
        SweepError: It failed.
    """
    for arm in arms:
        if arm.name == SEARCH and config.search.initial_points:
            ArmSpace(config, arm, space).check_initial_points()
