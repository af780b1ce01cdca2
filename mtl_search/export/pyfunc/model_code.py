"""The code of a logged model: MLflow copies this file beside the weights and runs it to load them.

It names a class of the installed package and nothing else, so that no object has to be pickled.
"""

import mlflow

from mtl_search.export.pyfunc.python_model import RawRows

mlflow.models.set_model(RawRows())
