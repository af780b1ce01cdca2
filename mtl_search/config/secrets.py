"""Keep passwords, tokens and values from the environment out of all that is written or shown.

`masked` knows the values of this process that are secret: those that `remember` was told, which are
the texts that a config takes from the environment and the passwords in its addresses, and those of
environment variables such as MLFLOW_TRACKING_PASSWORD.
"""

from __future__ import annotations

import json
import logging
import os
import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from mtl_search import errors

MASK = "***"
# A shorter text stands in too many words to be replaced in a message.
_SHORTEST = 6

_labels: dict[str, str] = {}  # secret → what is shown in its place

_SECRET_NAME = re.compile(
    r"(^|_)(TOKEN|PASSWORD|PASSWD|PASSPHRASE|PGPASSWORD|SECRET|SECRET_KEY|ACCESS_KEY|API_KEY|"
    r"SECRET_ACCESS_KEY|CREDENTIALS?)$",
    re.IGNORECASE,
)
_SECRET_PARAMETER = re.compile(
    r"token|password|passwd|secret|signature|credential|api_?key|access_?key|^sig$|^pwd$",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"\$\{[^}]*\}")
# What stands before the host: `name:password`, or a token alone. A password may hold an @.
_USER_INFO = re.compile(r"(\w[\w+.-]*://)([^/\s@:'\"]*)(:[^/\s'\"]*)?@(?=[^/\s@'\"]*)")
_QUERY = re.compile(r"([?&;]([\w.-]+)=)([^&;\s'\"]+)")


def remember(value: str, label: str = MASK) -> None:
    """Let `masked` replace a value from now on.

    Args:
        value: The secret; one of fewer than 6 characters is not replaced.
        label: What is shown in its place, such as the name of its variable.
    """
    if len(value) < _SHORTEST:
        return
    if logging.lastResort is not None and _mask not in logging.lastResort.filters:
        logging.lastResort.addFilter(_mask)
    for form in (value, quote(value, safe=""), quote(value), repr(value)[1:-1]):
        if label != MASK or form not in _labels:  # the name of a variable says more
            _labels[form] = label


def remember_passwords(text: str) -> None:
    """Let `masked` replace the passwords in an address from now on, also where they stand alone."""
    for password in _passwords(text):
        if not _VARIABLE.search(password):
            remember(password)
            remember(unquote(password))


def masked(text: str) -> str:
    """Return a text without passwords, tokens and values that come from the environment.

    Args:
        text: A message, an address, a traceback, ...

    Examples:
        >>> masked("cannot reach postgresql://me:hunter2@db/mlflow?sslpassword=hunter2")
        'cannot reach postgresql://me:***@db/mlflow?sslpassword=***'
    """
    labels = {**_environment_secrets(), **_labels}
    for secret in sorted(labels, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, labels[secret])
    return masked_address(text)


def masked_address(text: str) -> str:
    """Return a text without passwords in its addresses; `${NAME}` stays where it is one.

    Examples:
        >>> masked_address("https://me:${PASSWORD}@host/data.csv?token=abc")
        'https://me:${PASSWORD}@host/data.csv?token=***'
    """
    if "://" not in text:
        return text
    text = _USER_INFO.sub(_masked_user, text)
    return _QUERY.sub(_masked_parameter, text)


def usable(uri: str) -> str:
    """Return a masked address without what was masked, for a library that has its own credentials.

    Such libraries read them from the environment (MLFLOW_TRACKING_PASSWORD, PGPASSWORD,
    AWS_SECRET_ACCESS_KEY, ...) or from a file.

    Examples:
        >>> usable("https://me:***@host/mlflow"), usable("postgresql://me:***@db/mlflow")
        ('https://host/mlflow', 'postgresql://me@db/mlflow')
        >>> usable("s3://bucket/sweeps?secret_key=***&region=eu")
        's3://bucket/sweeps?region=eu'
    """
    if MASK not in uri:
        return uri
    parts = urlsplit(uri)
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    has_lost = MASK in (name, password)
    if has_lost and (name == MASK or parts.scheme in ("http", "https", "s3", "gs")):
        user = ""
    elif has_lost:
        user = name
    pairs = [pair for pair in parts.query.split("&") if not pair.endswith(f"={MASK}")]
    netloc = f"{user}@{host}" if user else host
    query = "&".join(pairs)
    rebuilt = urlunsplit(parts._replace(netloc=netloc, query=query))
    return rebuilt if rebuilt.startswith(f"{parts.scheme}://") else uri


def make_vault() -> dict[str, str]:
    """Return placeholder → secret, of all that `masked` has been told.

    What other programs write down, as Ray Tune does with the config of a trial, has placeholders in
    it; who needs the values gets the vault by another way.
    """
    mark = uuid.uuid4().hex
    return {f"<{mark}-{number}>": secret for number, secret in enumerate(_labels)}


def conceal(text: str, vault: Mapping[str, str]) -> str:
    """Return JSON with placeholders in the place of secrets; `reveal` undoes it exactly.

    Examples:
        >>> vault = {"<1>": "hunter2"}
        >>> concealed = conceal('{"key": "hunter2"}', vault)
        >>> concealed, reveal(concealed, vault)
        ('{"key": "<1>"}', '{"key": "hunter2"}')
    """
    return _replaced(text, {_in_json(secret): mark for mark, secret in vault.items()})


def reveal(text: str, vault: Mapping[str, str]) -> str:
    """Return JSON with the secrets that `conceal` has taken out."""
    return _replaced(text, {mark: _in_json(secret) for mark, secret in vault.items()})


def _in_json(secret: str) -> str:
    return json.dumps(secret)[1:-1]


def _replaced(text: str, replacements: Mapping[str, str]) -> str:
    """Replace all at once, the longest first: none is looked for in what replaces another."""
    words = sorted(filter(None, replacements), key=len, reverse=True)
    if not words:
        return text
    found = re.compile("|".join(map(re.escape, words)))
    return found.sub(lambda match: replacements[match.group()], text)


def masked_tree(node: Any) -> Any:
    """Return a plain tree without passwords in the addresses of its texts."""
    if isinstance(node, dict):
        return {key: masked_tree(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [masked_tree(value) for value in node]
    return masked_address(node) if isinstance(node, str) else node


def _mask(record: logging.LogRecord) -> bool:
    """Mask a line of the log on its way to standard error, where a program sets up no log."""
    record.msg = masked(record.getMessage())
    record.args = None
    return True


def _masked_user(match: re.Match[str]) -> str:
    scheme, name, password = match.groups()
    if password is None:
        is_token = _is_token(scheme, name) and not _VARIABLE.fullmatch(name)
        return f"{scheme}{MASK}@" if is_token else match.group()
    if _VARIABLE.fullmatch(password[1:]):
        return match.group()
    return f"{scheme}{name}:{MASK}@"


def _is_token(scheme: str, name: str) -> bool:
    """Return whether a name without a password is itself a secret, as on servers of the web."""
    return scheme.startswith("http") and len(name) >= _SHORTEST


def _masked_parameter(match: re.Match[str]) -> str:
    start, name, value = match.groups()
    if _VARIABLE.fullmatch(value) or not _SECRET_PARAMETER.search(name):
        return match.group()
    return f"{start}{MASK}"


def _passwords(text: str) -> list[str]:
    if "://" not in text:
        return []
    found = []
    for scheme, name, password in _USER_INFO.findall(text):
        if password or _is_token(scheme, name):
            found.append(password[1:] or name)
    query = text.partition("?")[2]
    found += [value for name, value in parse_qsl(query) if _SECRET_PARAMETER.search(name)]
    return found


def _environment_secrets() -> dict[str, str]:
    return {
        value: f"${{{name}}}"
        for name, value in os.environ.items()
        if len(value) >= _SHORTEST and _SECRET_NAME.search(name)
    }


errors.redact_with(masked)
