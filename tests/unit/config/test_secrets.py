"""What is masked in a text, and what is not."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.config import load_config, override, secrets, to_dict, to_stored
from mtl_search.errors import ConfigError, SweepError
from tests.support.config_trees import tree


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:pass-word@host/x", "https://me:***@host/x"),
        ("postgresql+psycopg2://me:p@ss:w@db:5432/x", "postgresql+psycopg2://me:***@db:5432/x"),
        ("at 'http://me:pass-word@host' and", "at 'http://me:***@host' and"),
        ("https://ghp_0123456789@host/x", "https://***@host/x"),
        ("postgresql://mlflow@db/x", "postgresql://mlflow@db/x"),
        ("s3://key:secret-key@bucket/x?region=eu", "s3://key:***@bucket/x?region=eu"),
        ("https://h/x?sig=abc%2F&a=1&access_token=t", "https://h/x?sig=***&a=1&access_token=***"),
        ("https://me:${PASSWORD}@host/x", "https://me:${PASSWORD}@host/x"),
        ("mail me@host about 12:30", "mail me@host about 12:30"),
    ],
)
def test_addresses(text: str, shown: str) -> None:
    assert secrets.masked_address(text) == shown


def test_what_the_environment_calls_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter-two")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/home/me/token")
    monkeypatch.setenv("SHORT_TOKEN", "ab")
    text = "hunter-two /home/me/token ab"
    assert secrets.masked(text) == "${MLFLOW_TRACKING_PASSWORD} /home/me/token ab"


def test_what_a_config_takes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "/data/of patients")
    monkeypatch.setenv("EPOCHS", "7")
    changes = ["data.path=${PLACE}/a.csv", "training.epochs=${EPOCHS}"]
    config = override(load_config(tree(), changes), {"seed": 5})
    assert to_dict(config)["data"]["path"] == "/data/of patients/a.csv"
    assert to_stored(config)["data"]["path"] == "${PLACE}/a.csv"
    assert to_stored(config)["training"]["epochs"] == 7  # a number is no secret
    for error in (ConfigError("x", value="/data/of patients/b"), SweepError("/data/of patients/b")):
        assert "patients" not in str(error)
        assert "${PLACE}/b" in str(error)
    assert secrets.masked("/data/of%20patients") == "${PLACE}"


def test_passwords_are_known_where_they_stand_alone() -> None:
    load_config(tree(), {"tracking.uri": "http://me:correct%20horse@host"})
    assert secrets.masked("login failed: correct horse / correct%20horse") == (
        "login failed: *** / ***"
    )


def test_a_masked_address_is_usable_without_its_password() -> None:
    for uri in ("sqlite:///runs/mlflow.db", "http://me:pw@host", "/shared/folder"):
        assert secrets.usable(uri) == uri
    assert secrets.usable("s3://key:***@bucket/x?scheme=http&secret_key=***") == (
        "s3://bucket/x?scheme=http"
    )


def test_lines_of_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    secrets.remember("a planted value", "${PLANTED}")
    record = logging.LogRecord("x", logging.WARNING, "", 1, "no %s", ("a planted value",), None)
    assert logging.lastResort is not None
    logging.lastResort.handle(record)
    assert capfd.readouterr().err == "no ${PLANTED}\n"


@pytest.mark.parametrize("secret", ['a "quoted" one', "back\\slash", "two\nlines", "ünïcode"])
def test_what_other_programs_write_has_placeholders(secret: str) -> None:
    secrets.remember(secret, "${PLANTED}")
    vault = secrets.make_vault()
    text = json.dumps({"key": secret, "address": f"https://me:{secret}@host"})
    concealed = secrets.conceal(text, vault)
    assert json.dumps(secret)[1:-1] not in concealed
    assert json.loads(concealed).keys() == {"key", "address"}
    assert secrets.reveal(concealed, vault) == text


def test_one_secret_may_be_a_word_of_a_placeholder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_labels", {})
    for secret in ("hunter-two", "secret", "secret hunter-two"):
        secrets.remember(secret)
    vault = secrets.make_vault()
    text = json.dumps({"a": "hunter-two", "b": "secret", "c": "secret hunter-two"})
    concealed = secrets.conceal(text, vault)
    assert "secret" not in concealed
    assert "hunter" not in concealed
    assert secrets.reveal(concealed, vault) == text


_WORDS = st.text(alphabet='ab"\\\n ü<>-0123', min_size=1, max_size=8)


@given(known=st.lists(_WORDS, max_size=6, unique=True), pieces=st.lists(_WORDS, max_size=12))
def test_what_is_concealed_is_revealed_as_it_was(known: list[str], pieces: list[str]) -> None:
    vault = {f"<{'f' * 32}-{number}>": secret for number, secret in enumerate(known)}
    text = json.dumps({"text": "".join(pieces), "known": [*known, *reversed(known)]})
    assert secrets.reveal(secrets.conceal(text, vault), vault) == text
