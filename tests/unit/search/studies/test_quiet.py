"""Optuna says nothing while it is asked to be quiet, and only then."""

from __future__ import annotations

import warnings

import optuna
import pytest

from mtl_search.search.studies.quiet import quiet_optuna


def test_optuna_is_quiet_inside_and_as_before_behind() -> None:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        with quiet_optuna():
            assert optuna.logging.get_verbosity() == optuna.logging.WARNING
            warnings.warn("few trials", UserWarning, stacklevel=1)
        assert optuna.logging.get_verbosity() == optuna.logging.INFO
        with pytest.warns(UserWarning, match="few"):
            warnings.warn("few trials", UserWarning, stacklevel=1)
    finally:
        optuna.logging.set_verbosity(before)


def test_a_user_who_wants_less_gets_less() -> None:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with quiet_optuna():
            assert optuna.logging.get_verbosity() == optuna.logging.ERROR
    finally:
        optuna.logging.set_verbosity(before)
