"""compose.yaml keeps its schema, lets nobody in from elsewhere, and has no secret in it."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.compose import COMPOSE, interpolate, mounts, read, services
from tests.support.programs import tool

_SCHEMA = ("--builtin-schema", "vendor.compose-spec")
_GPU = COMPOSE.with_name("compose.gpu.yaml")


def test_the_files_keep_their_schema() -> None:
    status, output = tool("check-jsonschema", *_SCHEMA, COMPOSE, _GPU)
    assert status == 0, output


def test_the_schema_sees_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(COMPOSE.read_text().replace("    ports:", "    prots:", 1))
    status, output = tool("check-jsonschema", *_SCHEMA, file)
    assert status != 0
    assert "prots" in output


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [port for service in services({}).values() for port in service.get("ports", [])]
    assert sorted(published) == ["127.0.0.1:5000:5000", "127.0.0.1:8265:8265"]


@pytest.mark.parametrize("name", list(services({})))
def test_each_service_is_limited_watched_and_started_again(name: str) -> None:
    service = services({})[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert "no-new-privileges:true" in service["security_opt"]


def test_each_waits_for_the_health_of_what_it_needs() -> None:
    waits = {name: service.get("depends_on", {}) for name, service in services({}).items()}
    healthy = {"condition": "service_healthy"}
    assert waits == {
        "postgres": {},
        "mlflow": {"postgres": healthy},
        "head": {"mlflow": healthy},
        "worker": {"head": healthy},
    }
    assert list(waits) == ["postgres", "mlflow", "head", "worker"]


def test_head_and_workers_are_told_the_same() -> None:
    head, worker = services({})["head"], services({})["worker"]
    assert head["environment"] == worker["environment"]
    assert head["environment"]["RAY_AUTH_MODE"] == "token"
    assert "--num-cpus=0" in head["command"]
    assert worker["deploy"]["replicas"] == 2
    found = mounts(head, Path("/v"), Path("/s"))
    secret = head["environment"]["RAY_AUTH_TOKEN_PATH"]
    assert found[secret] == Path("/s/ray_token")
    assert found[head["environment"]["MTL_SEARCH_RUNS"]] == Path("/v/sweeps")


def test_secrets_are_files_and_postgres_is_reached_by_mlflow_alone() -> None:
    tree = read({})
    assert all(set(secret) == {"file"} for secret in tree["secrets"].values())
    assert tree["networks"]["tracking"] == {"internal": True}
    users = [
        name for name, service in tree["services"].items() if "tracking" in service["networks"]
    ]
    assert users == ["postgres", "mlflow"]
    assert "PASSWORD" not in str(tree["services"]["postgres"]["environment"]).replace(
        "POSTGRES_PASSWORD_FILE", ""
    )


def test_variables_are_read_as_compose_reads_them() -> None:
    assert interpolate("$$(cat ${A:-x}) ${A-x}${B-y}", {"A": ""}) == "$(cat x) y"
    assert interpolate("${A:-x}", {"A": "b"}) == "b"
    with pytest.raises(AssertionError, match="the variable A"):
        interpolate("${A}", {})
    images = {service["image"] for service in services({"POSTGRES_IMAGE": "pg"}).values()}
    assert images == {"mtl-search:latest", "pg"}


def test_gpus_are_added_to_the_workers() -> None:
    added = yaml.safe_load(_GPU.read_text())["services"]
    assert list(added) == ["worker"]


def test_secrets_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    script = tmp_path / "secrets.sh"
    script.write_bytes(COMPOSE.with_name("secrets.sh").read_bytes())
    subprocess.run(["sh", script], check=True, capture_output=True)
    folder = tmp_path / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    secrets = {file.name: file.read_text() for file in folder.iterdir()}
    assert set(secrets) == set(read({})["secrets"])
    assert all(len(bytes.fromhex(value)) == 32 for value in secrets.values())
    assert len(set(secrets.values())) == len(secrets)
    (folder / "ray_token").unlink()
    subprocess.run(["sh", script], check=True, capture_output=True)
    assert (folder / "postgres_password").read_text() == secrets["postgres_password"]
    assert (folder / "ray_token").read_text() != secrets["ray_token"]
