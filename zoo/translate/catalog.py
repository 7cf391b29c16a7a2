"""The translators and their data sets: literals only, no torch, no work."""

from __future__ import annotations

from zoo.entries import Catalog
from zoo.translate.data_sets import DATA_SETS

CATALOG = Catalog(models=(), data_sets=DATA_SETS)
