"""The contract of translation: good input, bad input, and what an answer must be."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.contract.case import Case
from zoo.data import Example
from zoo.model import Model
from zoo.predictions import Translation
from zoo.text import Passage


def _good_texts(model: Any) -> list[Any]:
    source, target = min(model.directions)
    texts = [
        "a dog",
        "A man in a blue shirt is standing on a ladder.",
        "Save %(count)s files?",
        "Two dogs.  They run!\n\n\tA woman cooks.\r\n",
        "\u202e\u05e9\u05dc\u05d5\u05dd \U0001f600 <b>x</b>",
        "\U0001f600 ... 7",
        "xqzt" * 100,
        "dog " * 130,
    ]
    asked = [Passage(text, source, target) for text in texts]
    return [*asked, {"text": texts[0], "source": source, "target": target}]


def _bad_texts(model: Any) -> list[Any]:
    source, target = min(model.directions)
    return [
        None,
        7,
        b"a dog",
        ["a dog"],
        Passage("", source, target),
        Passage(" \n\t", source, target),
        Passage("\x00\x07", source, target),
        Passage("a " * 200_000, source, target),
        Passage("a dog", source, source),
        Passage("a dog", "tlh", target),
        Passage("a dog", source, "no language"),
        Passage("a dog", source, ""),
        Passage(float("nan"), source, target),  # type: ignore[arg-type]
        Passage("a dog", 7, target),  # type: ignore[arg-type]
        {"source": source, "target": target},
    ]


def _check_translation(prediction: Any) -> None:
    assert isinstance(prediction, Translation)
    assert str(prediction) == prediction.text
    assert prediction.source != prediction.target
    assert np.isfinite(prediction.score)


def _fit_translator(model_class: type[Model]) -> None:
    """Six words are learned from sixty examples, the same each time."""
    rng = np.random.default_rng(0)
    words = {
        "ein": "one",
        "hund": "dog",
        "katze": "cat",
        "haus": "house",
        "rot": "red",
        "und": "and",
    }

    def example() -> Example:
        said = rng.choice(list(words), rng.integers(1, 5)).tolist()
        return Example(Passage(" ".join(said), "de", "en"), " ".join(words[one] for one in said))

    examples = [example() for _ in range(60)]
    answers = CASE.learned(model_class, examples, examples[:20])
    if answers is None:
        return
    right = sum(p.text.lower() == e.target for p, e in zip(answers, examples, strict=True))
    assert right >= 54


CASE = Case(
    good=_good_texts,
    bad=_bad_texts,
    numbers=lambda prediction: [*map(ord, prediction.text), prediction.score],
    check=_check_translation,
    fit=_fit_translator,
)
