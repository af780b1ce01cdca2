"""Training of one trial: the loop, its losses and metrics, its checkpoints, and its workers."""

from mtl_search.extras import define_torchvision_schemas

# Before the first import of torchmetrics, which imports torchvision where that is installed.
define_torchvision_schemas()
