"""Speech in, its words out."""

from __future__ import annotations

from collections import Counter
from typing import Any

from zoo.audio import read_audio, sound_fingerprint
from zoo.exhibits import Sound, Text
from zoo.metrics import Metric, Records, Statistics
from zoo.predictions import Transcript
from zoo.tasks.base import Display, Row, Table, Task, each, errors, mean, rate
from zoo.tasks.failures import SHOWN, by_size, examples, filled, quoted, share_text
from zoo.text import PLAIN, plain_words


def _transcript_record(prediction: Transcript, target: str) -> dict[str, Any]:
    return {
        "target": target,
        "text": prediction.text,
        "confidence": round(prediction.confidence, 4),
        "seconds": round(prediction.seconds, 4),
    }


_NOTHING = "(nothing)"


def _as_it_is(text: str) -> str:
    return " ".join(text.split())


def _whole(records: Records) -> Statistics:
    pairs = zip(records["target"], records["text"], strict=True)
    return each([plain_words(target) == plain_words(text) for target, text in pairs])


def _failures(records: Records) -> tuple[Table, ...]:
    """By the number of words, which words are mistaken for which, the surest mistakes."""
    import jiwer

    said = [plain_words(text) for text in records["target"]]
    heard = [plain_words(text) for text in records["text"]]
    wrong_words = errors("process_words", plain_words)(records)
    mistakes: Counter[tuple[str, str]] = Counter()
    for reference, text in zip(said, heard, strict=True):
        found = jiwer.process_words(reference, text)
        a, b = found.references[0], found.hypotheses[0]
        for chunk in found.alignments[0]:
            if chunk.type != "equal":
                left = a[chunk.ref_start_idx : chunk.ref_end_idx]
                right = b[chunk.hyp_start_idx : chunk.hyp_end_idx]
                pairs = zip(left or [_NOTHING] * len(right), right or [_NOTHING] * len(left),
                            strict=True)  # fmt: skip
                mistakes.update(pairs)
    times = Counter(word for text in said for word in text.split())
    wrong = [at for at, (a, b) in enumerate(zip(said, heard, strict=True)) if a != b]
    wrong.sort(key=lambda at: -records["confidence"][at])
    return filled(
        Table(
            title="By how much was said",
            header=("Words", "Recordings", "word-error-rate", "Whole text right (95 % interval)"),
            rows=tuple(
                (
                    sizes,
                    f"{len(part):,}",
                    f"{100 * float(rate(wrong_words[part].sum(axis=0))):.1f} %",
                    share_text(sum(said[at] == heard[at] for at in part), len(part)),
                )
                for sizes, part in by_size([len(text.split()) for text in said])
            ),
        ),
        Table(
            title="What it mishears most often",
            header=("Said", "Heard", "Times", "Said in all"),
            rows=tuple(
                (a, b, f"{count:,}", f"{times[a]:,}" if a != _NOTHING else "")
                for (a, b), count in sorted(mistakes.items(), key=lambda one: (-one[1], one[0]))
            )[:SHOWN],
        ),
        examples(
            "The mistakes that it was surest of",
            ("Said", "Heard", "Confidence"),
            [
                (str(at), quoted(said[at]), quoted(heard[at]) or _NOTHING,
                 f"{records['confidence'][at]:.4f}")
                for at in wrong
            ],
        ),
    )  # fmt: skip


def _show_sound(x: Any) -> Sound:
    audio = read_audio(x)
    return Sound(audio.samples, audio.rate)


def _show_target(row: Row, x: Any) -> Text:
    return Text(row["target"])


def _show_transcript(row: Row, x: Any) -> Text:
    return Text(row["text"], note=f"{row['confidence']:.0%} sure")


def _misheard(row: Row) -> list[str]:
    import jiwer

    found = jiwer.process_words(plain_words(row["target"]), plain_words(row["text"]))
    said, heard = found.references[0], found.hypotheses[0]
    mistakes = []
    for part in found.alignments[0]:
        words = said[part.ref_start_idx : part.ref_end_idx]
        others = heard[part.hyp_start_idx : part.hyp_end_idx]
        if part.type == "substitute":
            pairs = zip(words, others, strict=True)
            mistakes += [f"{word} heard as {other}" for word, other in pairs]
        elif part.type == "delete":
            mistakes += [f"{word} missed" for word in words]
        elif part.type == "insert":
            mistakes += [f"{other} heard where it was not said" for other in others]
    return mistakes


SPEECH_RECOGNITION = Task(
    name="automatic-speech-recognition",
    unit="recording",
    sample="call.wav",
    fingerprint=sound_fingerprint,
    record=_transcript_record,
    display=Display(
        input=_show_sound, target=_show_target, answer=_show_transcript, mistakes=_misheard
    ),
    duration="seconds",
    failures=_failures,
    risks="It hears some voices, accents and rooms better than others, and what it mishears looks "
    "like any other text. Do not let a transcript decide anything about a person unless somebody "
    "can listen to the sound.",
    metrics=(
        Metric(
            name="word-error-rate",
            description="words inserted, left out or mistaken, over the words that were said; "
            f"both texts in {PLAIN}",
            higher_is_better=False,
            statistics=errors("process_words", plain_words),
            score=rate,
            percent=True,
            hub_name="wer",
        ),
        Metric(
            name="word-error-rate-raw",
            description="the same of the texts as they are, in which case and punctuation count",
            higher_is_better=False,
            statistics=errors("process_words", _as_it_is),
            score=rate,
            percent=True,
        ),
        Metric(
            name="character-error-rate",
            description=f"the same of characters; both texts in {PLAIN}",
            higher_is_better=False,
            statistics=errors("process_characters", plain_words),
            score=rate,
            percent=True,
            hub_name="cer",
        ),
        Metric(
            name="string-accuracy",
            description=f"share of recordings whose whole text is right; both texts in {PLAIN}",
            higher_is_better=True,
            statistics=_whole,
            score=mean,
            percent=True,
            binary=True,
        ),
    ),
)
