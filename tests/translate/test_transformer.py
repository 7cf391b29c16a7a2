"""The Transformer that translates: what it learns, keeps and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import zoo.translate.transformer as module
from zoo.data import Example
from zoo.errors import InputError, WeightsError
from zoo.text import Passage
from zoo.translate.transformer import TransformerTranslator
from zoo.translate.transformer_training import CHECKPOINT, Schedule

# Three languages of seven words; German says them backwards.
WORDS = {
    "en": ["red", "dog", "big", "house", "and", "old", "cat"],
    "de": ["rot", "hund", "groß", "haus", "und", "alt", "katze"],
    "fr": ["rouge", "chien", "grand", "maison", "et", "vieux", "chat"],
}


def _text(language: str, numbers: list[int]) -> str:
    words = [WORDS[language][n] for n in numbers]
    return " ".join(reversed(words) if language == "de" else words)


def _examples(directions: list[tuple[str, str]], count: int = 150) -> list[Example]:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        numbers = rng.integers(0, 7, rng.integers(1, 5)).tolist()
        for source, target in directions:
            passage = Passage(_text(source, numbers), source, target)
            found.append(Example(passage, _text(target, numbers)))
    return found


OPTIONS: dict[str, Any] = {**TransformerTranslator.tiny_options(), "progress": False, "steps": 300}
THERE_AND_BACK = [("en", "de"), ("de", "en"), ("en", "fr"), ("fr", "en")]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> TransformerTranslator:
    workspace = tmp_path_factory.mktemp("learned")
    examples = _examples(THERE_AND_BACK)
    model = TransformerTranslator.fit(examples, examples[:80], workspace=workspace, **OPTIONS)
    log = [json.loads(line) for line in (workspace / "log.jsonl").read_text().splitlines()]
    assert log[-1]["bleu_en_de"] > 80
    return model


def test_words_and_their_order_are_learned(learned: TransformerTranslator) -> None:
    right = 0
    rng = np.random.default_rng(1)
    for _ in range(20):
        numbers = rng.integers(0, 7, 3).tolist()
        for source, target in THERE_AND_BACK:
            answer = learned.predict(_text(source, numbers), source=source, target=target)
            right += answer.text == _text(target, numbers)
    assert right >= 60


def test_any_two_of_its_languages_can_be_asked_for(learned: TransformerTranslator) -> None:
    assert ("de", "fr") in learned.directions
    assert len(learned.directions) == 6
    answer = learned.predict("hund rot", source="de", target="fr")
    assert (answer.source, answer.target) == ("de", "fr")
    assert answer.text


def test_a_beam_finds_what_is_at_least_as_probable(learned: TransformerTranslator) -> None:
    passage = Passage("red dog and old cat", "en", "de")
    assert learned.predict(passage, beams=8).score >= learned.predict(passage, beams=1).score - 1e-6


@pytest.mark.parametrize("beams", [0, -1, 51, 2.0, "5", True, None])
def test_strange_beams_are_refused(learned: TransformerTranslator, beams: Any) -> None:
    with pytest.raises(InputError, match="beams is a whole number from 1 to 50"):
        learned.predict("red dog", source="en", target="de", beams=beams)


def test_sentences_of_all_lengths_come_back_in_order(learned: TransformerTranslator) -> None:
    texts = [_text("en", [n % 7] * (1 + n * 7 % 40)) for n in range(30)]
    passages = [Passage(text, "en", "fr") for text in texts]
    together = learned.predict_batch(passages)
    for passage, one in zip(passages[::7], together[::7], strict=True):
        assert learned.predict(passage).text == one.text


def test_it_is_stored_with_its_pieces(learned: TransformerTranslator, tmp_path: Path) -> None:
    learned.save(tmp_path / "weights")
    again = TransformerTranslator.load(tmp_path / "weights")
    passage = Passage("big house and cat", "en", "de")
    assert again.predict(passage) == learned.predict(passage)
    assert again.pieces.model == learned.pieces.model
    config = json.loads((tmp_path / "weights" / "config.json").read_text())
    config["settings"]["shape"]["vocabulary"] += 1
    (tmp_path / "weights" / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match="pieces for"):
        TransformerTranslator.load(tmp_path / "weights")


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**OPTIONS, "steps": 40, "log_every": 10, "dropout": 0.1}
    examples = _examples([("en", "de")])
    whole = TransformerTranslator.fit(examples, **options)
    real = module.train

    def stopped(*given: Any, report: Any, **named: Any) -> Any:
        log = report.log

        def until_twenty(**values: Any) -> None:
            log(**values)
            if values.get("step") == 30:
                raise KeyboardInterrupt

        report.log = until_twenty
        return real(*given, report=report, **named)

    monkeypatch.setattr(module, "train", stopped)
    with pytest.raises(KeyboardInterrupt):
        TransformerTranslator.fit(examples, workspace=tmp_path, **options)
    monkeypatch.setattr(module, "train", real)
    assert (tmp_path / CHECKPOINT).is_file()
    resumed = TransformerTranslator.fit(examples, workspace=tmp_path, **options)
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    # The piece in hand, between 20 and 30, was lost and done again.
    assert [line["step"] for line in log if "step" in line] == [10, 20, 30, 30, 40]
    for one, other in zip(whole.network.parameters(), resumed.network.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-3)


def test_more_steps_go_on_from_the_same_checkpoint_until_it_cools() -> None:
    short, long = Schedule(steps=100, cooling=0.3), Schedule(steps=1000, cooling=0.3)
    assert short.cools_at == 70
    assert [short.rate(step) for step in range(70)] == [long.rate(step) for step in range(70)]
    assert short.rate(99) < 0.05 * short.rate(69)
    rates = [Schedule(steps=100, warm_up=10).rate(step) for step in range(100)]
    assert rates[:11] == sorted(rates[:11])
    assert rates[10] == 1
    assert rates[70:] == sorted(rates[70:], reverse=True)


def test_a_direction_that_is_held_out_is_never_learned_from() -> None:
    swapped = [Example(Passage(_text("en", [n]), "en", "fr"), "wrong") for n in range(7)] * 20
    examples = [*_examples([("en", "de")]), *swapped]
    model = TransformerTranslator.fit(examples, **{**OPTIONS, "held_out": ["en-fr"]})
    answers = model.predict_batch([example.input for example in swapped[:7]])
    assert not any("wrong" in answer.text for answer in answers)


def test_unknown_options_are_refused() -> None:
    with pytest.raises(InputError, match="no option 'learning'"):
        TransformerTranslator.fit(_examples([("en", "de")]), learning=3)
    with pytest.raises(InputError, match="at least one step"):
        Schedule(steps=0)
    with pytest.raises(InputError, match="learning rate is positive"):
        Schedule(learning_rate=float("nan"))
    with pytest.raises(InputError, match="from 0 to below 1"):
        Schedule(smoothing=1)
