"""Output whose encoding lacks a character is no reason to stop."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from mtl_search.cli.encoding import for_output, write_anything


def ascii_output(monkeypatch: pytest.MonkeyPatch) -> io.TextIOWrapper:
    """Take the place of standard output, in the test itself: pytest has its own before."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    return stream


def shown(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return bytes(stream.buffer.getvalue()).decode()  # type: ignore[attr-defined]


def test_what_is_lost_is_written_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = ascii_output(monkeypatch)
    write_anything()
    stream.write("small → runs/small — 2 × Δm ± 0.5, Müller 漢")
    assert shown(stream) == "small -> runs/small - 2 x Dm +/- 0.5, M?ller ?"


def test_json_keeps_its_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = ascii_output(monkeypatch)
    write_anything()
    text = json.dumps({"Müller": "→ 😀"}, ensure_ascii=False)
    stream.write(for_output(text, "json"))
    assert json.loads(shown(stream)) == {"Müller": "→ 😀"}
    assert for_output("→", "markdown") == "→"  # as any text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_command_prints_whatever_the_encoding_is(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from mtl_search.cli import main; main()", "list", "heads"],
        env={"PYTHONIOENCODING": encoding, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "softmax" in done.stdout.decode(encoding)
