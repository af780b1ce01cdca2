"""Training of one trial: the loop, its objective, checkpoints, and the slots that trials run in."""

from mtl_search.models.backbones.extras import define_torchvision_schemas

define_torchvision_schemas()  # before the first import of torchmetrics, which imports torchvision when it is there
