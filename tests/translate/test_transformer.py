"""The Transformer that translates: what it learns, keeps and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import zoo.translate.transformer as module
from zoo import learning, weights
from zoo.data import Example
from zoo.errors import InputError, WeightsError
from zoo.resume import Checkpoint
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
    options = {**OPTIONS, "steps": 400}
    model = TransformerTranslator.fit(examples, examples[:80], workspace=workspace, **options)
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: Callable[[int], None]
) -> None:
    options = {**OPTIONS, "steps": 40, "log_every": 10, "dropout": 0.1}
    examples = _examples([("en", "de")])
    threads(1)
    whole = TransformerTranslator.fit(examples, **options)
    threads(3)
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


def test_it_goes_on_from_what_another_learned(
    learned: TransformerTranslator, tmp_path: Path
) -> None:
    before = {name: x.clone() for name, x in learned.network.state_dict().items()}
    new = _examples([("de", "fr")])  # a direction that it never learned from
    options = {**OPTIONS, "steps": 50, "vocabulary": 300, "start": learned}
    adapted = TransformerTranslator.fit(new, workspace=tmp_path, **options)
    assert adapted.pieces is learned.pieces
    assert all(torch.equal(x, before[name]) for name, x in learned.network.state_dict().items())
    afresh = TransformerTranslator.fit(new, **{**options, "start": None})

    def right(model: TransformerTranslator) -> int:
        answers = model.predict_batch([one.input for one in new], beams=1)
        return sum(one.text == each.target for one, each in zip(answers, new, strict=True))

    assert right(adapted) > 0.6 * len(new)
    assert right(afresh) < 0.2 * len(new)

    # A checkpoint is of one beginning only.
    options["start"] = adapted
    for _ in range(2):
        TransformerTranslator.fit(new, workspace=tmp_path, **options)
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log if "step" in line] == [50, 50]


def test_what_cannot_be_gone_on_from_is_refused(learned: TransformerTranslator) -> None:
    options = {**OPTIONS, "start": learned}
    with pytest.raises(InputError, match=r"network of Shape\(.*width=32.* cannot go on as"):
        TransformerTranslator.fit(_examples([("en", "de")], 9), **{**options, "width": 64})
    unknown = Example(Passage("sobaka", "ru", "en"), "dog")
    with pytest.raises(InputError, match="The translator to start from does not know ru"):
        TransformerTranslator.fit([unknown], **options)
    with pytest.raises(InputError, match="start is a TransformerTranslator; str came"):
        TransformerTranslator.fit([unknown], **{**options, "start": "translate/transformer-multi"})


def test_a_checkpoint_of_another_way_of_learning_counts_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**OPTIONS, "steps": 20, "log_every": 10, "workspace": tmp_path}
    for _ in range(2):
        TransformerTranslator.fit(_examples([("en", "de")], 30), **options)
    monkeypatch.setattr(learning, "_LAYOUT", learning._LAYOUT + 1)
    TransformerTranslator.fit(_examples([("en", "de")], 30), **options)
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log if "step" in line] == [10, 20, 10, 20]


@pytest.mark.parametrize("steps", [20, 30, 44])
def test_a_checkpoint_of_a_longer_run_is_not_taken_beyond_the_cooling(
    tmp_path: Path, steps: int
) -> None:
    examples = _examples([("en", "de")], 30)
    options = {**OPTIONS, "log_every": 10, "cooling": 0.5}
    # The checkpoint of step 20 of 50, before the cooling, is of no use to a run that cools sooner.
    real, kept = Checkpoint.write, []

    def until_twenty(self: Checkpoint, tensors: Any, **counters: int) -> None:
        if counters["step"] <= 20:
            kept.append(counters["step"])
            real(self, tensors, **counters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "write", until_twenty)
        TransformerTranslator.fit(examples, workspace=tmp_path, **{**options, "steps": 50})
    assert kept == [10, 20]
    fresh = TransformerTranslator.fit(examples, **{**options, "steps": steps})
    resumed = TransformerTranslator.fit(examples, workspace=tmp_path, **{**options, "steps": steps})
    for one, other in zip(fresh.network.parameters(), resumed.network.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-3)


def test_text_of_many_pieces_is_cut(learned: TransformerTranslator) -> None:
    assert len(learned.pieces.encode(["ღ" * 150])[0]) > 400
    seen = []
    search = learned._search
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            learned, "_search", lambda rows, **given: seen.extend(rows) or search(rows, **given)
        )
        answer = learned.predict("ღ" * 150 + " dog", source="en", target="de", beams=1)
    assert max(map(len, seen)) <= 122
    assert all(row[0] == learned.pieces.sign("de") for row in seen)
    assert np.isfinite(answer.score)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"encoder_norm.weight": np.float32("nan")}, "not finite"),
        ({"embedding.weight": np.float32("inf")}, "not finite"),
        ({"heads": 3}, "do not share"),
        ({"heads": 0}, "positive whole numbers"),
        ({"width": 64}, "size mismatch"),
        ({"dropout": 1.5}, "Dropout is from"),
        ({"pieces": None}, "it is empty"),
    ],
)
def test_weights_that_do_not_fit_are_refused_in_one_sentence(
    learned: TransformerTranslator, tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    settings, arrays = learned._to_weights()
    for name, value in change.items():
        if name in settings["shape"]:
            settings["shape"][name] = value
        elif value is None:
            arrays[name] = np.zeros(0, np.uint8)
        else:
            arrays[name] = np.full_like(arrays[name], value)
    entry = f"{TransformerTranslator.__module__}:{TransformerTranslator.__qualname__}"
    stored = weights.Weights(entry=entry, task="translation", settings=settings, arrays=arrays)
    weights.write(tmp_path / "bad", stored)
    with pytest.raises(WeightsError, match=why) as caught:
        TransformerTranslator.load(tmp_path / "bad")
    assert "\n" not in str(caught.value)


def test_more_steps_go_on_from_the_same_checkpoint_until_it_cools() -> None:
    short, long = Schedule(steps=100, cooling=0.3), Schedule(steps=1000, cooling=0.3)
    assert short.cools_at == 70
    assert [short.rate(step) for step in range(70)] == [long.rate(step) for step in range(70)]
    assert short.rate(99) < 0.05 * short.rate(69)
    rates = [Schedule(steps=100, warm_up=10).rate(step) for step in range(100)]
    assert rates[:11] == sorted(rates[:11])
    assert rates[10] == 1
    assert rates[70:] == sorted(rates[70:], reverse=True)
    rates = [Schedule(steps=100, warm_up=10, cooling=1.0).rate(step) for step in range(100)]
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[99] < 0.02 < 0.8 < max(rates) == rates[10]


def test_a_direction_that_is_held_out_is_never_learned_from() -> None:
    swapped = [Example(Passage(_text("en", [n]), "en", "fr"), "wrong") for n in range(7)] * 20
    examples = [*_examples([("en", "de")]), *swapped]
    model = TransformerTranslator.fit(examples, **{**OPTIONS, "held_out": ["en-fr"]})
    answers = model.predict_batch([example.input for example in swapped[:7]])
    assert not any("wrong" in answer.text for answer in answers)


def test_unknown_options_are_refused() -> None:
    with pytest.raises(InputError, match="no option 'learning'"):
        TransformerTranslator.fit(_examples([("en", "de")]), learning=3)
    examples = _examples([("en", "de")], 10)
    for options, why in (
        ({"also": "software-strings"}, "a list of data sets"),
        ({"held_out": ["en-xx"]}, "is no direction between"),
        ({"width": 33}, "do not share"),
        ({"tokens": 1}, "A batch takes at least"),
        ({"dropout": 1.0}, "Dropout is from"),
    ):
        with pytest.raises(InputError, match=why):
            TransformerTranslator.fit(examples, **{**OPTIONS, **options})
    with pytest.raises(InputError, match="learns from a Passage"):
        TransformerTranslator.fit([Example("a dog", "ein Hund")])
    with pytest.raises(InputError, match="at least one step"):
        Schedule(steps=0)
    with pytest.raises(InputError, match="learning rate is positive"):
        Schedule(learning_rate=float("nan"))
    with pytest.raises(InputError, match="from 0 to below 1"):
        Schedule(smoothing=1)
