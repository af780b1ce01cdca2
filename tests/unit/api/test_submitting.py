"""A job is made ready from a file, a mapping or a config, without asking a cluster."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from mtl_search import submit
from mtl_search.api.consent import TrustCode
from mtl_search.api.submitting import prepare
from mtl_search.config import load_config
from mtl_search.errors import ClusterError, ConfigError
from mtl_search.jobs import submission
from tests.support import small_sweeps as small


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small config as a file, in the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(yaml.safe_dump(small.tree()))
    return Path("small.yaml")


def test_a_file_goes_as_it_is_and_overrides_go_with_the_command(config: Path) -> None:
    draft = prepare(config, {"search.trials": 7, "name": "other"}, smoke=True)
    assert draft.package.files["small.yaml"] == config
    assert draft.arguments == ("small.yaml", "search.trials=7", 'name="other"', "--smoke")
    assert draft.job_id.startswith("other-")
    assert draft.folder == f"${{MTL_SEARCH_RUNS:-$HOME/runs}}/{draft.job_id}"
    words = ["mtl-search", "submit", *draft.arguments, "--resume", draft.job_id]
    assert draft.again == shlex.join(words)
    assert load_config("small.yaml", draft.arguments[1:-1]).search.trials == 7
    assert "tests/support/small_sweeps.py" in draft.package.files


@pytest.mark.parametrize("kind", ["mapping", "config"])
def test_what_has_no_file_gets_one(config: Path, kind: str, tmp_path: Path) -> None:
    given = small.tree() if kind == "mapping" else small.config()
    draft = prepare(given)
    assert draft.again == f"mtl_search.submit(config, resume='{draft.job_id}')"
    text = draft.package.files["small.yaml"]
    assert isinstance(text, bytes)
    (tmp_path / "sent.yaml").write_bytes(text)
    assert load_config(tmp_path / "sent.yaml") == small.config()


def test_variables_stay_variables(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "hunter2")
    tree = {**small.tree(), "tracking": {"uri": "postgresql://me:${PASSWORD}@h/db"}}
    Path("small.yaml").write_text(yaml.safe_dump(tree))
    for given in (config, tree):
        draft = prepare(given)
        sent = draft.package.files["small.yaml"]
        assert b"hunter2" not in (sent if isinstance(sent, bytes) else sent.read_bytes())
        assert "hunter2" not in f"{draft.entrypoint}{draft.metadata}{draft.shown()}"


@pytest.mark.parametrize("kind", ["file", "mapping", "config"])
@pytest.mark.parametrize("uri", ["https://me:hunter2@host", "https://host?token=hunter2"])
def test_a_password_in_the_config_is_not_sent(config: Path, kind: str, uri: str) -> None:
    tree = {**small.tree(), "tracking": {"uri": uri}}
    config.write_text(yaml.safe_dump(tree))
    forms: dict[str, Any] = {"file": config, "mapping": tree, "config": load_config(tree)}
    with pytest.raises(
        ConfigError, match=r"tracking\.uri: a password here .* NAME on the head"
    ) as e:
        prepare(forms[kind])
    assert "hunter2" not in str(e.value)


def test_a_password_that_an_override_replaces_lies_in_the_file(config: Path) -> None:
    config.write_text(
        yaml.safe_dump({**small.tree(), "tracking": {"uri": "https://me:hunter2@host"}})
    )
    with pytest.raises(ConfigError, match=r"small\.yaml: a password here"):
        prepare(config, {"tracking.uri": "https://host"})


@pytest.mark.parametrize(
    ("trust", "options"),
    [(True, "--trust-code"), (iter(["tests", "a"]), "--trust-modules tests,a")],
)
def test_the_command_to_go_on_can_be_typed_again(
    config: Path, monkeypatch: pytest.MonkeyPatch, trust: TrustCode, options: str
) -> None:
    Path("below").mkdir()
    monkeypatch.chdir("below")
    draft = prepare("../small.yaml", trust_code=trust, job_id="j")
    assert draft.arguments == ("small.yaml",)
    assert draft.again == f"mtl-search submit ../small.yaml {options} --resume j"
    assert draft.environment[submission.RESUME] == draft.metadata[submission.COMMAND] == draft.again


def test_a_sweep_that_goes_on_stays_in_its_folder(config: Path) -> None:
    draft = prepare(config, resume="/shared/toy")
    assert (draft.folder, draft.resume) == ("/shared/toy", True)
    with pytest.raises(ConfigError, match="a sweep that goes on stays in its folder"):
        prepare(config, resume="toy", output="/shared/other")


def test_mistakes_come_before_the_cluster_is_asked(config: Path) -> None:
    with pytest.raises(ConfigError, match=r"search\.trails: unknown key"):
        submit(config, ["search.trails=3"], address="http://127.0.0.1:1")
    with pytest.raises(ConfigError, match=r"data\.name: cannot import module"):
        submit(config, {"data": "no.such.module:x"}, address="http://127.0.0.1:1")
    with pytest.raises(ConfigError, match="there is no such file"):
        submit(config, include=["nothing"], address="http://127.0.0.1:1")
    with pytest.raises(ClusterError, match="no Ray cluster answers"):
        submit(config, address="http://127.0.0.1:1")


def test_the_package_of_the_quickstart_is_small(tmp_path: Path) -> None:
    draft = prepare("configs/quickstart.yaml")
    assert set(draft.package.files) == {"configs/quickstart.yaml"}
    assert draft.package.write(tmp_path / "p.zip") < 2**20
