"""What a task keeps of an answer, and what its metrics make of it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import soundfile

from zoo.audio import Audio, packed, unpacked
from zoo.errors import BenchmarkError, InputError, UnknownNameError
from zoo.exhibits import Sound, Text
from zoo.metrics import compare, score
from zoo.predictions import Move, Speech, Transcript, Translation
from zoo.tasks import TASKS, task
from zoo.tasks.board_game import BOARD_GAME
from zoo.tasks.speech_recognition import SPEECH_RECOGNITION as SPEECH
from zoo.tasks.text_to_speech import TEXT_TO_SPEECH
from zoo.tasks.translation import TRANSLATION
from zoo.text import Passage

TARGET = "0,2,2,-7,,2,-12"


def move(index: int, value: float = 0.0, proven: bool = False) -> Move:
    return Move(
        action=str(index + 1),
        index=index,
        value=value,
        actions=("1", "2"),
        policy=(0.5, 0.5),
        nodes=1,
        depth=1,
        proven=proven,
    )


def columns(*answers: tuple[Move, str]) -> dict[str, list[Any]]:
    rows = [BOARD_GAME.record(*answer) for answer in answers]
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_a_task_is_found_by_its_name() -> None:
    assert all(task(name).name == name for name in TASKS)
    with pytest.raises(UnknownNameError, match="did you mean board-game"):
        task("board-games")


# --- board-game -----------------------------------------------------------------------------------


class State:
    """As OpenSpiel's: it knows the moves that led to it."""

    def history(self) -> list[int]:
        return [3, 3, 4]


def test_a_position_is_its_text_form() -> None:
    digest = BOARD_GAME.fingerprint
    assert digest("44352") == digest(" 44352\n") != digest("44353")
    assert digest([3, 3, 4]) == digest((3, 3, 4)) == digest("3 3 4") == digest(State())
    assert digest([np.int64(3), 3, 4]) == digest([3, 3, 4])
    assert digest("") == digest([])
    assert digest([1, 2]) != digest([12])
    assert len(digest("44352")) == 32


@pytest.mark.parametrize("x", [None, 44352, b"44352", {"moves": []}])
def test_nothing_else_is_a_position(x: Any) -> None:
    with pytest.raises(InputError, match="A position is text, a list of moves or a state"):
        BOARD_GAME.fingerprint(x)


def test_a_move_is_kept_with_its_score_and_the_best_one() -> None:
    assert BOARD_GAME.record(move(0, 0.123456), TARGET) == {
        "target": TARGET,
        "action": "1",
        "score": 0,
        "best": 2,
        "value": 0.1235,
        "proven": False,
    }
    assert BOARD_GAME.record(move(1, -1, proven=True), "-3,-20,,")["best"] == -3


@pytest.mark.parametrize("index", [4, 7, -1])
def test_a_move_without_a_score_is_a_mistake_of_the_model(index: int) -> None:
    with pytest.raises(BenchmarkError, match=rf"Its move .* \(action {index}\) has no score in"):
        BOARD_GAME.record(move(index), TARGET)


def test_the_metrics_by_hand() -> None:
    keeping, optimal, error = BOARD_GAME.metrics
    assert BOARD_GAME.primary is keeping
    records = columns(
        (move(1, 1.0), TARGET),  # the best move, rightly judged
        (move(0, 0.5), TARGET),  # a win given away
        (move(3, -1.0), TARGET),  # a win turned into a loss
        (move(0, 0.25), "1,9"),  # a win, but not the soonest
        (move(1, -0.5), "-4,-9"),  # lost anyway, but sooner
        (move(0, 0.0), "0,0,-1"),
    )
    assert score(keeping, records).value == pytest.approx(4 / 6)
    assert score(optimal, records).value == pytest.approx(2 / 6)
    assert score(error, records).value == pytest.approx((0 + 0.5 + 2 + 0.75 + 0.5 + 0) / 6)
    assert not error.higher_is_better
    perfect = columns(*((move(1, 1.0), TARGET) for _ in range(6)))
    perfect["target"] = records["target"]
    assert compare(keeping, perfect, records).test == "exact McNemar"
    assert compare(error, perfect, records).difference == pytest.approx(-3.75 / 6)


# --- automatic-speech-recognition ----------------------------------------------------------------


def heard(*pairs: tuple[str, str]) -> dict[str, list[Any]]:
    rows = [SPEECH.record(Transcript(text, (), 0.5, 1.25), target) for target, text in pairs]
    return {name: [row[name] for row in rows] for name in rows[0]}


def rates(*pairs: tuple[str, str]) -> dict[str, float]:
    return {metric.name: score(metric, heard(*pairs)).value for metric in SPEECH.metrics}


def test_word_errors_are_counted_over_all_recordings() -> None:
    # A substitution and an insertion in three words, a deletion in one.
    found = rates(("one two three", "one too three four"), ("five", ""))
    assert found["word-error-rate"] == pytest.approx(3 / 4)
    assert found["string-accuracy"] == 0


def test_only_the_raw_rate_minds_case_punctuation_and_digits() -> None:
    found = rates(("Press 1, please.", "press one please"))
    assert found["word-error-rate"] == found["character-error-rate"] == 0
    assert found["string-accuracy"] == 1
    assert found["word-error-rate-raw"] == pytest.approx(1.0)


def test_words_heard_in_silence_are_errors_and_a_rate_can_exceed_one() -> None:
    assert rates(("", ""))["word-error-rate"] == 0
    interval = score(SPEECH.primary, heard(("yes", "no one said that"), ("yes", "no not at all")))
    assert interval.value == pytest.approx(4.0)
    assert interval.low <= 4 <= interval.high


def test_what_sound_is_counts_and_not_how_it_is_stored() -> None:
    samples = np.sin(np.arange(4000) / 9).astype(np.float32) * 0.4
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, format="FLAC", subtype="PCM_16")
    stored = SPEECH.fingerprint(file.getvalue())
    assert stored == SPEECH.fingerprint((np.rint(samples * 32768).astype(np.int16), 8000))
    assert stored != SPEECH.fingerprint((samples, 16000))
    assert stored != SPEECH.fingerprint((samples[:-1], 8000))


# --- translation ----------------------------------------------------------------------------------


def translated(*pairs: tuple[str, str]) -> dict[str, list[Any]]:
    rows = [
        TRANSLATION.record(Translation(text, "en", "de", -1.23456), target)
        for text, target in pairs
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


CASED, LOWER = (("Das ist gut.", "Das ist gut."), ("das haus ist rot", "Das Haus ist rot"))


def test_scores_of_translations_are_sacrebleus() -> None:
    import sacrebleu

    texts = ["Ein Hund läuft .", "Der Mann isst heute einen Apfel", "", "Zwei Katzen!"]
    targets = ["Ein Hund rennt.", "Der Mann isst einen roten Apfel.", "Nichts", "Zwei Katzen!"]
    records = translated(*zip(texts, targets, strict=True))
    found = [score(metric, records).value for metric in TRANSLATION.metrics]
    wanted = [
        sacrebleu.corpus_bleu(texts, [targets], force=True).score,
        sacrebleu.corpus_chrf(texts, [targets], word_order=2).score,
        sacrebleu.corpus_bleu(texts, [targets], lowercase=True, force=True).score,
    ]
    assert found == pytest.approx(wanted)
    assert 0 < found[0] < found[2] < 100 or found[0] == found[2]


def test_any_part_of_the_sentences_scores_as_sacrebleu_scores_it() -> None:
    import sacrebleu

    # None, some and all orders of n-grams hit; shorter and longer than the reference; empty.
    texts = ["a b c d e", "a", "", "x y z w", "a b x d e f g", "b a c", "a b c x", "q"]
    targets = ["a b c d e", "a b c d", "a b", "a b c d", "a b c d e", "a b c", "a b c d e f", "a"]
    bleu, chrf, _ = TRANSLATION.metrics
    records = translated(*zip(texts, targets, strict=True))
    parts = [[0], [1], [2], [3], [4], [5], [6], [7], [1, 4], [3, 5], [0, 2, 6], list(range(8))]
    for metric, scorer in (
        (bleu, sacrebleu.metrics.BLEU(force=True)),
        (chrf, sacrebleu.metrics.CHRF(word_order=2)),
    ):
        statistics = metric.statistics(records)
        totals = np.stack([statistics[part].sum(axis=0) for part in parts])
        wanted = [
            scorer.corpus_score([texts[i] for i in part], [[targets[i] for i in part]]).score
            for part in parts
        ]
        assert metric.score(totals) == pytest.approx(wanted)
        assert metric.score(totals[0]) == pytest.approx(wanted[0])


def test_only_the_older_convention_is_blind_to_case() -> None:
    cased, _, lower = TRANSLATION.metrics
    records = translated(CASED, LOWER)
    assert score(lower, records).value == pytest.approx(100)
    assert score(cased, records).value < 60
    assert score(cased, translated(CASED, (LOWER[1], LOWER[1]))).value == pytest.approx(100)


def test_translations_are_compared_sentence_by_sentence() -> None:
    metric = TRANSLATION.primary
    good, bad = translated(*[CASED, LOWER] * 20), translated(*[("Was?", CASED[1]), LOWER] * 20)
    found = compare(metric, good, bad)
    assert found.test == "paired bootstrap"
    assert found.significant
    assert found.low < found.difference < found.high


def test_a_passage_is_its_text_and_its_languages() -> None:
    digest = TRANSLATION.fingerprint
    one = digest(Passage("a  dog\n", "en", "de"))
    assert one == digest(Passage("a dog", "en", "de"))
    assert one == digest({"text": "a dog", "source": "en", "target": "de"})
    assert digest(Passage("é", "fr", "en")) == digest(Passage("e\u0301", "fr", "en"))
    others = [("a dog", "en", "fr"), ("a dog", "de", "en"), ("A dog", "en", "de")]
    assert len({one, *(digest(Passage(*other)) for other in others)}) == 4
    with pytest.raises(InputError, match="comes with its languages"):
        digest("a dog")


# --- text-to-speech -------------------------------------------------------------------------------


def test_a_text_to_speak_is_what_is_written() -> None:
    digest = TEXT_TO_SPEECH.fingerprint
    assert digest("Caf\u00e9 now.") == digest(" Cafe\u0301\nnow. ") != digest("Cafe now.")
    with pytest.raises(InputError, match="A text to speak is a string; bytes came"):
        digest(b"Now.")


def test_speech_is_kept_as_sums_over_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ear:
        def __init__(self, words: Any) -> None:
            self.words = " ".join(words)

        def heard(self, audio: Audio) -> str:
            return f"{self.words}: {audio.seconds:g}"

    monkeypatch.setattr("zoo.listening.Listener", Ear)
    t = np.arange(8000) / 16_000
    tone = np.asarray(0.3 * np.sin(2 * np.pi * 150 * t * (1 + t)), np.float32)
    speech = Speech(tone, 16_000, "Half a second.")
    assert TEXT_TO_SPEECH.recorder is not None
    row = TEXT_TO_SPEECH.recorder(["Half a second.", "1"])(speech, Audio(tone, 16_000))
    assert row["target"] == "Half a second."
    assert (row["heard"], row["heard_in_recording"]) == ("half a second one: 0.5",) * 2
    assert (row["seconds"], row["recording_seconds"]) == (0.5, 0.5)
    assert (row["distortion"], row["pitch"], row["voicing"]) == (0, 0, 0)
    assert 0 < row["voiced"] <= row["pairs"] <= 51
    heard = unpacked(row["sound"])
    assert (heard.rate, heard.seconds) == (16_000, pytest.approx(0.5, abs=0.1))
    many = TEXT_TO_SPEECH.recorder([str(n) for n in range(201)])
    assert many(speech, Audio(tone, 16_000))["sound"] == ""
    with pytest.raises(BenchmarkError, match="compared with a recording; str came"):
        TEXT_TO_SPEECH.record(speech, "Half a second.")


def test_speech_that_was_kept_is_played_and_other_is_told_of() -> None:
    tone = np.asarray(0.3 * np.sin(np.arange(8000) / 9), np.float32)
    row = {"heard": "press one", "distortion": 50.0, "pairs": 10}
    told = TEXT_TO_SPEECH.display.answer(row, None)
    assert told == Text("press one", note="what it heard here; 5.0 dB from the recording")
    played = TEXT_TO_SPEECH.display.answer({**row, "sound": packed(Audio(tone, 16_000))}, None)
    assert isinstance(played, Sound)
    assert played.note == "“press one” is what it heard here; 5.0 dB from the recording"
    assert played.rate == 16_000


def test_scores_of_speech_are_means_over_all_frames_and_words() -> None:
    records = {
        "target": ["Press one.", "Hello"],
        "heard": ["press won", "hello"],
        "heard_in_recording": ["press one", ""],
        "distortion": [50.0, 10.0],
        "pairs": [10, 5],
        "pitch": [8.0, 0.0],
        "voiced": [2, 0],
        "voicing": [1, 2],
    }
    found = {one.name: score(one, records).value for one in TEXT_TO_SPEECH.metrics}
    assert found == {
        "mel-cepstral-distortion": pytest.approx(4.0),
        "word-error-rate": pytest.approx(1 / 3),
        "word-error-rate-of-recordings": pytest.approx(1 / 3),
        "pitch-error": pytest.approx(2.0),
        "voicing-error": pytest.approx(0.2),
    }


def test_the_first_part_of_speech_is_all_that_is_asked_for() -> None:
    asked = []

    class Streaming:
        def stream(self, x: str, **options: Any) -> Any:
            for part in x.split():
                asked.append((part, options))
                yield part

    assert TEXT_TO_SPEECH.first is not None
    TEXT_TO_SPEECH.first(Streaming(), "One two", {"seed": 3})
    assert asked == [("One", {"seed": 3})]
