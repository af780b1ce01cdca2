"""Training of one trial: the loop, its metrics and objective, its checkpoints, and the slot it runs in."""

from mtl_search.extras import define_torchvision_schemas

define_torchvision_schemas()  # before the first import of torchmetrics, which imports torchvision when it is there
