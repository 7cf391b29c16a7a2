"""The data sets of translation: literals only."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

from zoo.entries import DataSetInfo, Variant
from zoo.translate import multi30k_hashes
from zoo.translate.django_messages import DjangoMessages
from zoo.translate.parallel import Direction, ParallelFolder
from zoo.translate.software_strings import SoftwareStrings

_TASK = "translation"
_MULTI30K_LANGUAGES = ("cs", "de", "en", "fr")
_MULTI30K_DIRECTIONS = tuple(permutations(_MULTI30K_LANGUAGES, 2))
# The SHA-256 of the content of Django 5.2's messages.
_DJANGO = {
    "en-de": "3906d7dc37aaab5fffe3983a25559ff67204f2acdd543a5381597d4d2148dc80",
    "en-fr": "6538b911bc8320194eb13bee127742f1f380c8ff5bffb3baf6088ec2b9363c6c",
    "en-cs": "34ccca3f84cb05c2689763f61a9876962abd19b74a1bb79fe7edadf380e190c4",
    "en-es": "d1359003be763197b3324e7a8e514db2d090faa366771e579ce9d8441e0492ae",
    "de-en": "1266e99707c79359b47fe418ff1ddbf6e5802348c3e808e2796e93f80d700666",
    "fr-en": "06c94f8169aeaa612de2a427498b2d7a590cfd8320701fbb2bda5213f7778a9c",
    "cs-en": "2795bf2a523dc1418b76bbf66f3be018691bbf6ab320322188c6a7ec3d9603d4",
    "es-en": "384e1c851ba539be36d83e0682ea54549dbf68b75ed144db093052b5ce744f48",
}
_SOFTWARE_STRINGS = "423661a493d34a1d1eb356dcc82064ec2518c4c51c225c6cdab21724cb9eb91d"


def _multi30k(
    name: str, title: str, directions: tuple[Direction, ...], hashes: Mapping[str, str]
) -> DataSetInfo:
    return DataSetInfo(
        name=name,
        title=title,
        task=_TASK,
        license="cc-by-nc-sa-4.0",
        url="https://github.com/multi30k/dataset",
        splits=("train", "validation", "test"),
        sources=(ParallelFolder(folder="multi30k", directions=directions),),
        variants=(Variant(title, hashes),),
        note="captions of photographs and their translations by people (Elliott et al. 2016, 2017; "
        "Barrault et al. 2018), cased and not tokenised; the test split is test_2016_flickr.",
    )


def _django(direction: str, sha256: str) -> DataSetInfo:
    source, _, target = direction.partition("-")
    return DataSetInfo(
        name=f"django-messages-{direction}",
        title=f"Django messages {direction}",
        task=_TASK,
        license="bsd-3-clause",
        url="https://github.com/django/django",
        splits=("test",),
        sources=(DjangoMessages(source=source, target=target),),
        variants=(Variant(f"Django messages {direction}", {"test": sha256}),),
        # All come with an installation; two are enough for a suite that is to take minutes.
        offline=direction in ("en-de", "en-fr"),
        note="what the web framework Django says to users and developers, in short sentences with "
        "placeholders, as its translators have it; kept out of all that is learned from.",
    )


DATA_SETS = (
    _multi30k("multi30k", "Multi30k", _MULTI30K_DIRECTIONS, multi30k_hashes.ALL),
    *(
        _multi30k(
            f"multi30k-{source}-{target}",
            f"Multi30k {source}-{target}",
            ((source, target),),
            multi30k_hashes.DIRECTIONS[f"{source}-{target}"],
        )
        for source, target in _MULTI30K_DIRECTIONS
    ),
    DataSetInfo(
        name="software-strings",
        title="Software strings",
        task=_TASK,
        license="apache-2.0, mit, bsd-3-clause and bsd-2-clause, by package",
        url="https://docs.python.org/3/library/gettext.html",
        splits=("train",),
        sources=(SoftwareStrings(),),
        variants=(Variant("Software strings", {"train": _SOFTWARE_STRINGS}),),
        note="messages of 31 programs in English, German, French, Czech and Spanish, from the "
        "catalogs that their packages ship, without any that Django has, too.",
    ),
    *(_django(direction, sha256) for direction, sha256 in _DJANGO.items()),
)
