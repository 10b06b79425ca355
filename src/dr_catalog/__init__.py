"""Disaster recovery tiers as versioned AWS Service Catalog products."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("dr-catalog")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0.0.0"

__all__ = ["__version__"]
