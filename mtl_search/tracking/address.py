"""The address of an MLflow store: what it names, whether it can be used, and errors about it."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mtl_search.config.secrets import masked
from mtl_search.errors import ConfigError, MtlSearchError, SweepError, cause

SQLITE = "sqlite:///"
# MLflow's own variable, for configs that name no `tracking.uri`.
URI_VARIABLE = "MLFLOW_TRACKING_URI"
# Stores that MLflow writes to without a server in between.
_DATABASES = ("sqlite", "postgresql", "postgres", "mysql", "mssql")
_PORTS = {"postgresql": 5432, "mysql": 3306}
# What SQLAlchemy takes an address without a driver for depends on its version.
_DRIVERS = {
    "postgresql": "pip install 'psycopg[binary]', or pip install psycopg2-binary and write "
    "postgresql+psycopg2://",
    "mysql": "pip install pymysql and write mysql+pymysql://",
}


# Errors of sockets, and of the package requests, which is imported with MLflow alone.
_SILENT = {"ConnectionError", "Timeout", "TimeoutError", "RetryError", "gaierror"}
# What PostgreSQL says while it starts or stops.
_BETWEEN = re.compile(r"database system is (starting up|shutting down|not yet accepting)")


class StoreAwayError(SweepError):
    """The store does not answer: a sweep can begin, and send it later what it has."""


def is_database(uri: str) -> bool:
    """Return whether MLflow writes to the store itself, without a server in between.

    Examples:
        >>> is_database("postgresql+psycopg2://host/db"), is_database("https://host")
        (True, False)
    """
    return re.split(r"[:+]", uri, maxsplit=1)[0] in _DATABASES


def sqlite_path(uri: str) -> Path:
    """Return the file of an SQLite URI.

    Examples:
        >>> sqlite_path("sqlite:///runs/mlflow.db").name
        'mlflow.db'
    """
    return Path(unquote(uri.removeprefix(SQLITE).partition("?")[0]))


def sqlite_uri(path: Path, query: str = "") -> str:
    """Return the URI of an SQLite file; what means something in a URI is quoted.

    Args:
        path: The file.
        query: What follows the question mark.

    Examples:
        >>> sqlite_uri(Path("run%201/a b.db"))
        'sqlite:///run%25201/a b.db'
        >>> sqlite_path(sqlite_uri(Path("run%201/why?.db"))).as_posix()
        'run%201/why?.db'
    """
    quoted = str(path).replace("%", "%25").replace("?", "%3F")
    return f"{SQLITE}{quoted}" + (f"?{query}" if query else "")


def check_store(uri: str, artifacts: Path) -> None:
    """Check what can be checked of a store before MLflow connects to it.

    Args:
        uri: The tracking URI.
        artifacts: The folder of artifacts; ignored for a server.

    Raises:
        ConfigError: This is no address of a store, or the driver of its database is not installed.
        SweepError: The database or the folder cannot be written, or nothing listens there.
    """
    scheme = uri.split(":", 1)[0] if ":" in uri else ""
    if scheme in ("", "file"):  # MLflow has given up its file store
        raise unknown_address(uri)
    if uri.startswith(SQLITE):
        _check_sqlite(sqlite_path(uri))
    if is_database(uri):
        _check_folder(artifacts)
        _check_driver(uri)
        _check_port(uri)


def _check_sqlite(path: Path) -> None:
    """Check that the database can be written; MLflow itself would try ten times, for minutes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=20)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.rollback()
    except (OSError, sqlite3.Error) as error:
        raise SweepError(f"tracking: cannot write the MLflow database {path}: {error}") from error


def _check_driver(uri: str) -> None:
    """Check that the database's driver is there: of one that is away it would show too late."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    try:
        make_url(uri).get_dialect().import_dbapi()
    except ModuleNotFoundError as error:
        raise _without_driver(uri, error.name or "") from error
    except (SQLAlchemyError, ValueError):
        return  # MLflow says what is wrong with such an address


def _check_port(uri: str) -> None:
    """Check that something listens; MLflow itself would try ten times, for minutes."""
    with suppress(ValueError):  # several servers, as PostgreSQL's own client takes them
        parts = urlsplit(uri)
        host = parts.hostname
        port = parts.port or _PORTS.get(parts.scheme.partition("+")[0])
        if host and port and "%" not in host:  # a socket's path would be written so
            try:
                socket.create_connection((host, port), timeout=10).close()
            except OSError as error:
                reason = ConnectionError(error.strerror or error)  # without its number
                raise unreachable(uri, reason) from error


def _check_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SweepError(
            f"tracking: cannot make the folder for MLflow's artifacts {path}: {error}"
        ) from error
    if not os.access(path, os.W_OK):
        raise SweepError(f"tracking: the folder for MLflow's artifacts {path} is not writable")


def unknown_address(uri: str) -> ConfigError:
    """Return the error of an address that is not one of an MLflow store."""
    inherited = os.environ.get(URI_VARIABLE) == uri
    origin = f" (from the environment variable {URI_VARIABLE})" if inherited else ""
    return ConfigError(
        f"this is no address of an MLflow store{origin}",
        path="tracking.uri",
        value=public(uri),
        allowed=[
            "sqlite:///<file>",
            "http://<server>:<port>",
            "https://...",
            "postgresql://...",
            "mysql://...",
        ],
    )


def unreachable(uri: str, error: Exception) -> MtlSearchError:
    """Return the error of a store that answers with an error, or not at all."""
    if is_database(uri) and isinstance(error, ModuleNotFoundError):
        return _without_driver(uri, error.name or "")
    kind = StoreAwayError if _is_away(error) else SweepError
    return kind(
        f"tracking: MLflow at {public(uri)} cannot be used: {public_reason(error)}\n"
        "  start the server or change tracking.uri; to run without it: tracking.enabled=false"
    )


def _is_away(error: BaseException) -> bool:
    """Return whether nothing answered, or a server that is just about to start or in trouble.

    A refused password, an unknown database or a wrong certificate are no such case: they stay so.
    """
    names = {
        base.__name__
        for one in (error, error.__cause__, error.__context__)
        for base in type(one).__mro__
    }
    is_silent = bool(names & _SILENT) and "SSLError" not in names
    return is_silent or bool(_BETWEEN.search(str(error)))


def _without_driver(uri: str, module: str) -> ConfigError:
    """Return the error of a database whose driver is not installed."""
    cure = _DRIVERS.get(uri.partition("://")[0], f"install the package that has {module!r}")
    return ConfigError(
        f"this needs the Python package {module!r}, which is not installed: {cure}",
        path="tracking.uri",
        value=public(uri),
    )


def public(uri: str) -> str:
    """Return the URI without name and password, and without other secrets.

    Examples:
        >>> public("postgresql://me:secret@host/db")
        'postgresql://host/db'
    """
    scheme, separator, rest = uri.partition("://")
    host, slash, path = rest.partition("/")
    return masked(f"{scheme}{separator}{host.rsplit('@', 1)[-1]}{slash}{path}")


def public_reason(error: Exception) -> str:
    """Return the first line of an error's message, shortened, without passwords in addresses."""
    return masked(re.sub(r"//[^/@\s]+@", "//", cause(error)))[:300]
