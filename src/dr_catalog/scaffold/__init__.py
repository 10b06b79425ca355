"""A catalog of one's own for someone who installed from pip; its files lie in ``files/``.

They are what this repository's own ``portfolio/``, ``products/`` and ``pipeline/`` say, made as small as
possible; ``tests/scaffold`` holds both against each other.
"""

from .answers import check_account, check_regions
from .catalog import FIRST_PRODUCT, FIRST_VERSION, Answers, Written, write

__all__ = [
    "FIRST_PRODUCT",
    "FIRST_VERSION",
    "Answers",
    "Written",
    "check_account",
    "check_regions",
    "write",
]
