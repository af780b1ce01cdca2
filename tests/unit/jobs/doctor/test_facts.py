"""What a node says of itself, on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mtl_search
from mtl_search.jobs.doctor import facts
from mtl_search.storage.remote import RemoteStorage


def _request(**changes: object) -> facts.Request:
    empty = {"folder_mark": "", "storage": "", "storage_mark": "", "paths": {}}
    return {**empty, **changes}  # type: ignore[typeddict-item]


def test_this_machine(tmp_path: Path) -> None:
    found = facts.measure(_request(paths={"sweeps": str(tmp_path / "not" / "there")}))
    assert found["versions"]["mtl-search"] == mtl_search.__version__
    assert found["versions"]["ray"].startswith("2.")
    assert found["python"] == sys.version.split()[0]
    assert len(found["code"]) == 8
    disks = {disk["use"]: disk for disk in found["disks"]}
    assert disks["sweeps"]["path"] == str(tmp_path)
    assert 0 < disks["sweeps"]["free"] <= disks["sweeps"]["total"]
    assert (found["folder"], found["storage"]) == ("", "")


def test_the_folder_is_known_by_its_mark(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    problem = facts.measure(_request(folder_mark=str(mark)))["folder"]
    assert problem == "another folder, or none"
    mark.touch()
    assert facts.measure(_request(folder_mark=str(mark)))["folder"] == ""
    assert list(tmp_path.iterdir()) == [mark]


def test_the_storage_is_known_by_its_mark(tmp_path: Path) -> None:
    mark = RemoteStorage(str(tmp_path)).write_mark()
    seen = _request(storage=str(tmp_path), storage_mark=mark)
    assert facts.measure(seen)["storage"] == ""
    other = _request(storage=str(tmp_path), storage_mark="other")
    assert facts.measure(other)["storage"] == "another folder, or none"
    wrong = _request(storage="nowhere://x", storage_mark="other")
    assert "nowhere" in facts.measure(wrong)["storage"]


def test_where_the_token_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    none = {"mode": "", "source": "", "permissions": None, "is_shared": False}
    assert facts.token_state({}) == none
    file = tmp_path / ".ray" / "auth_token"
    file.parent.mkdir()
    file.parent.chmod(0o755)
    file.write_text("secret")
    file.chmod(0o644)
    assert facts.token_state({"RAY_AUTH_MODE": "TOKEN"}) == {
        "mode": "token", "source": str(file), "permissions": 0o644, "is_shared": True
    }  # fmt: skip
    named = {"RAY_AUTH_TOKEN_PATH": str(tmp_path / "other")}
    assert facts.token_state(named) == none
    shown = facts.token_state({"RAY_AUTH_TOKEN": "secret"})
    assert shown["source"] == "RAY_AUTH_TOKEN"
    assert "secret" not in str(shown)


def test_a_token_that_others_do_not_reach_is_not_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secrets" / "ray_token"  # as docker/secrets.sh makes it
    file.parent.mkdir()
    file.write_text("secret")
    file.chmod(0o444)
    environment = {"RAY_AUTH_TOKEN_PATH": str(file)}
    for mode, is_shared in ((0o755, True), (0o700, False)):
        file.parent.chmod(mode)
        assert facts.token_state(environment)["is_shared"] is is_shared
    file.parent.chmod(0o755)
    monkeypatch.setattr(facts, "_SECRETS", tmp_path)
    assert not facts.token_state(environment)["is_shared"]
    link = tmp_path / "link"
    link.symlink_to(file.parent)
    monkeypatch.setattr(facts, "_SECRETS", file.parent)
    behind = {"RAY_AUTH_TOKEN_PATH": str(link / "ray_token")}
    assert not facts.token_state(behind)["is_shared"]


def test_the_module_needs_nothing_but_the_standard_library() -> None:
    # Ray sends it by value to nodes that may lack everything else.
    source = Path(facts.__file__).read_text()
    program = (
        "import sys; sys.modules['mtl_search'] = None\n"
        f"exec(compile({source!r}, 'facts', 'exec'))\n"
        "ask = dict(folder_mark='', storage='/x', storage_mark='y', paths={})\n"
        "found = measure(ask)\n"
        "assert not {'torch', 'ray', 'pyarrow'} & set(sys.modules)\n"
        "print(found['versions']['mtl-search'], found['storage'])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith("not tried, since mtl_search cannot be imported there")
