"""Passwords do not get into texts that others read."""

from __future__ import annotations

from mtl_search.config.secrets import masked


def test_a_password_is_hidden_and_the_rest_stays() -> None:
    text = "a=postgresql+psycopg2://me:s3cr3t@host:5432/db b=https://host:80/path?x=a@b"
    assert masked(text) == text.replace("s3cr3t", "***")
