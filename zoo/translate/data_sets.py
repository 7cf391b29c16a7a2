"""The data sets of translation: literals only."""

from __future__ import annotations

from itertools import permutations

from zoo.entries import DataSetInfo
from zoo.translate.parallel import Direction, ParallelFolder

_TASK = "translation"
_MULTI30K_LANGUAGES = ("cs", "de", "en", "fr")
MULTI30K_DIRECTIONS = tuple(permutations(_MULTI30K_LANGUAGES, 2))


def _multi30k(name: str, title: str, directions: tuple[Direction, ...]) -> DataSetInfo:
    return DataSetInfo(
        name=name,
        title=title,
        task=_TASK,
        license="cc-by-nc-sa-4.0",
        url="https://github.com/multi30k/dataset",
        splits=("train", "validation", "test"),
        sources=(ParallelFolder(folder="multi30k", directions=directions),),
        note="captions of photographs and their translations by people (Elliott et al. 2016, 2017; "
        "Barrault et al. 2018), cased and not tokenised; the test split is test_2016_flickr.",
    )


DATA_SETS = (
    _multi30k("multi30k", "Multi30k", MULTI30K_DIRECTIONS),
    *(
        _multi30k(f"multi30k-{source}-{target}", f"Multi30k {source}-{target}", ((source, target),))
        for source, target in MULTI30K_DIRECTIONS
    ),
)
