"""Names of a package that stand in modules which are slow to import."""

from __future__ import annotations

import pytest

from mtl_search.source.lazy import lazy_attributes


def test_names_of_a_package_may_stand_in_slow_modules() -> None:
    get_attribute = lazy_attributes("package", {"Fraction": "fractions"})
    assert get_attribute("Fraction").__name__ == "Fraction"
    with pytest.raises(AttributeError, match="module 'package' has no attribute 'other'"):
        get_attribute("other")
