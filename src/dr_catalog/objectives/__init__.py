"""What a tier can promise, computed from its own templates.

    templates -> estate (what it has) -> data_loss, time_loss (lines) -> model -> promises (findings)
                      durations.yaml (what AWS and people take) --^

Each objective is a sum of lines, and each line says where its figure stands: in a template's property, in
the machine's definition, or in ``durations.yaml``. A tier's name is never asked.
"""

from .computing import carried, compute
from .model import CORRUPTION, LOSSES, REGION, Line, Loss, Objective, Sum
from .promises import ORIGINAL, check_catalog, check_product, meets_original

__all__ = [
    "CORRUPTION",
    "LOSSES",
    "ORIGINAL",
    "REGION",
    "Line",
    "Loss",
    "Objective",
    "Sum",
    "carried",
    "check_catalog",
    "check_product",
    "compute",
    "meets_original",
]
