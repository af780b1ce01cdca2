from __future__ import annotations

from pathlib import Path

import mtl_search


def test_it_names_the_installed_class_and_nothing_else() -> None:
    code = Path(mtl_search.__file__).parent / "export" / "pyfunc" / "model_code.py"
    imports = [line for line in code.read_text().splitlines() if "import" in line.split()[:3]]
    assert imports == [
        "import mlflow",
        "from mtl_search.export.pyfunc.python_model import RawRows",
    ]
