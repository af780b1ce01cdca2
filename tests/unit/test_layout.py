"""The layout and the text of the package keep to their limits."""

from __future__ import annotations

from functools import cache

from tests import code_measures
from tests.code_measures import REPOSITORY, SourceFile

MOST_MODULES = 18

# Module → why it has no test at the mirrored path.
TESTED_ELSEWHERE = {
    "mtl_search.search.schedulers.population": "a record of four values; test_settings makes one",
}


@cache
def _package() -> list[SourceFile]:
    return code_measures.read_sources(REPOSITORY)


def test_a_folder_holds_few_modules() -> None:
    counts = code_measures.modules_by_folder(_package())
    assert {str(folder): n for folder, n in counts.items() if n > MOST_MODULES} == {}


def test_no_module_imports_itself_through_others() -> None:
    # Imports in functions and under `TYPE_CHECKING` count, too.
    assert code_measures.import_cycles(code_measures.import_graph(_package())) == []


def test_every_module_has_a_test_at_the_mirrored_path() -> None:
    without = code_measures.modules_without_test(REPOSITORY, _package())
    assert sorted(without) == sorted(TESTED_ELSEWHERE)


def test_no_line_is_too_long() -> None:
    sources = [*_package(), *code_measures.read_sources(REPOSITORY, "tests")]
    assert [line for source in sources for line in code_measures.long_lines(source)] == []


def test_docstrings_open_with_an_imperative() -> None:
    assert code_measures.moodless_docstrings(REPOSITORY) == []


def test_arguments_and_attributes_are_described_without_fragments() -> None:
    entries = [entry for source in _package() for entry in code_measures.documented_names(source)]
    assert len(entries) > 100  # the docstrings were read
    assert [str(entry) for entry in entries if entry.is_fragment] == []
