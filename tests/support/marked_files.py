"""Small files in the form of SemEval-2010 Task 8."""

from __future__ import annotations

from pathlib import Path

RELATIONS = ("Other", "Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)")


def write_marked(path: Path, sentences: list[str], start: int = 1) -> Path:
    """A file with these sentences and relations in turn."""
    blocks = [
        f'{number}\t"{text}"\n{RELATIONS[number % 3]}\nComment:\n'
        for number, text in enumerate(sentences, start)
    ]
    path.write_text("\n".join(blocks))
    return path


def plain(number: int, between: int = 1) -> str:
    """A sentence of its own, with some words between its entities."""
    words = " ".join(f"w{k}" for k in range(between))
    return f"The <e1>thing{number}</e1> {words} an <e2>old box{number}</e2>."
