"""A text in one language in, the same in another out."""

from __future__ import annotations

import functools
import hashlib
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from zoo.errors import InputError, MissingDependencyError
from zoo.exhibits import Text
from zoo.metrics import Metric, Records, Statistics
from zoo.predictions import Translation
from zoo.tasks.base import Display, Row, Table, Task
from zoo.tasks.failures import SHOWN, by_size, examples, filled, quoted, share_text
from zoo.text import Passage

_NEEDED = "Scores of translations need sacrebleu: pip install 'software-zoo[translate]'."


def _passage_fingerprint(x: Any) -> bytes:
    if isinstance(x, Mapping):
        x = Passage(x["text"], x["source"], x["target"])
    if not isinstance(x, Passage):
        raise InputError(
            f"A text to translate comes with its languages, as a Passage; {type(x).__name__} came."
        )
    text = " ".join(unicodedata.normalize("NFC", x.text).split())
    return hashlib.sha256(f"{x.source}>{x.target} {text}".encode()).digest()


def _translation_record(prediction: Translation, target: str) -> dict[str, Any]:
    return {"target": target, "text": prediction.text, "score": round(prediction.score, 4)}


def _statistics(scorer: Callable[[], Any]) -> Callable[[Records], Statistics]:
    """What sacrebleu's scorer counts in each text, [N, S]; the counts of a corpus are their sum."""

    def statistics(records: Records) -> Statistics:
        # The counts behind a score have no public name of their own in sacrebleu.
        rows = scorer()._extract_corpus_statistics(records["text"], [records["target"]])
        return np.array(rows, float).reshape(len(rows), -1)

    return statistics


def _bleu_score(totals: Statistics) -> Statistics:
    """BLEU of counts [..., 10]: the lengths of text and reference, 4 of hits, 4 of n-grams.

    The k-th order without a hit counts as 1 / 2^k of one (Chen and Cherry 2014, method 3).
    """
    length, reference = totals[..., 0], totals[..., 1]
    hits, ngrams = totals[..., 2:6], totals[..., 6:]
    smoothed = np.where(hits > 0, hits, 0.5 ** np.cumsum(hits == 0, axis=-1))
    # A text without n-grams of each order, or without any hit, has no precision to speak of.
    scored = np.logical_and(ngrams.all(axis=-1), hits.any(axis=-1))
    precision = smoothed / np.where(np.expand_dims(scored, -1), ngrams, 1)
    brevity = np.minimum(0, 1 - reference / np.maximum(length, 1))
    bleu: Statistics = 100 * np.exp(brevity + np.log(precision).mean(axis=-1))
    return np.where(scored, bleu, 0.0)


_CHRF_BETA2 = 4  # recall counts twice as much as precision


def _chrf_score(totals: Statistics) -> Statistics:
    """The chrF of counts [..., 3 * orders]: n-grams of text and reference, and those in both."""
    text, reference, both = np.moveaxis(totals.reshape(*totals.shape[:-1], -1, 3), -1, 0)
    present = (text > 0) & (reference > 0)
    orders = np.maximum(present.sum(axis=-1), 1)
    precision, recall = (
        np.where(present, both / np.maximum(size, 1), 0).sum(axis=-1) / orders
        for size in (text, reference)
    )
    weighted = _CHRF_BETA2 * precision + recall
    score: Statistics = (1 + _CHRF_BETA2) * precision * recall / np.where(weighted, weighted, 1)
    return 100 * score


def _sentence_scores(statistics: Statistics) -> Statistics:
    """GLEU of each text, [N], which unlike BLEU can tell of one sentence (Wu et al. 2016, §5)."""
    reference, hits, ngrams = statistics[:, 1], statistics[:, 2:6], statistics[:, 6:]
    wanted = np.maximum(reference[:, None] - np.arange(4), 0)
    most = np.maximum(ngrams.sum(axis=1), wanted.sum(axis=1))
    scores: Statistics = hits.sum(axis=1) / np.maximum(most, 1)
    return scores


def _show_passage(x: Any) -> Text:
    return Text(x.text, x.source) if isinstance(x, Passage) else Text(str(x["text"]), x["source"])


def _show_text(column: str) -> Callable[[Row, Any], Text]:
    def show(row: Row, x: Any) -> Text:
        return Text(row[column], x.target if isinstance(x, Passage) else "")

    return show


@functools.cache
def _bleu(*, lowercase: bool) -> Any:
    try:
        from sacrebleu.metrics import BLEU
    except ImportError:
        raise MissingDependencyError(_NEEDED) from None
    # Forced: it would warn of texts that end in a spaced full stop.
    return BLEU(lowercase=lowercase, force=True)


@functools.cache
def _chrf() -> Any:
    try:
        from sacrebleu.metrics import CHRF
    except ImportError:
        raise MissingDependencyError(_NEEDED) from None
    return CHRF(word_order=2)


def _metric(
    name: str,
    description: str,
    scorer: Callable[[], Any],
    score: Callable[[Statistics], Statistics],
    *,
    hub_name: str = "",
) -> Metric:
    return Metric(
        name=name,
        description=description,
        higher_is_better=True,
        statistics=_statistics(scorer),
        score=score,
        decimals=2,
        hub_name=hub_name,
    )


_SHORT, _LONG = 0.7, 1.3  # times the words of the reference
_FEW = 4  # words of a reference, in which one word more or less decides


def _failures(records: Records) -> tuple[Table, ...]:
    """By the length of a sentence, how much is left out or added, the worst sentences."""
    targets, texts = records["target"], records["text"]
    words = [len(target.split()) for target in targets]
    by_words = []
    for sizes, part in by_size(words):
        chosen = {name: [column[at] for at in part] for name, column in records.items()}
        scores = (
            float(metric.score(metric.statistics(chosen).sum(axis=0)))
            for metric in TRANSLATION.metrics[:2]
        )
        by_words.append((sizes, f"{len(part):,}", *(f"{score:.2f}" for score in scores)))
    long_enough = [at for at, count in enumerate(words) if count >= _FEW]
    ratios = [len(texts[at].split()) / words[at] for at in long_enough]
    counted = {
        f"fewer than {_SHORT:g} times its words": sum(ratio < _SHORT for ratio in ratios),
        f"more than {_LONG:g} times its words": sum(ratio > _LONG for ratio in ratios),
    }
    by_letters = TRANSLATION.metrics[1]
    quality = by_letters.score(by_letters.statistics(records))
    return filled(
        Table(
            title="By the length of the sentence",
            header=("Words of the reference", "Sentences",
                    *(metric.name for metric in TRANSLATION.metrics[:2])),
            rows=tuple(by_words),
        ),
        Table(
            title="What it leaves out or adds",
            header=("Beside the reference", f"Sentences of at least {_FEW} words (95 % interval)"),
            rows=tuple(
                (what, share_text(count, len(ratios))) for what, count in counted.items()
            ) if ratios else (),
        ),
        examples(
            "The worst sentences",
            ("Reference", "What it wrote", by_letters.name),
            [
                (str(at), quoted(targets[at]), quoted(texts[at]) or "(nothing)",
                 f"{quality[at]:.1f}")
                for at in sorted(long_enough, key=lambda at: quality[at])[:SHOWN]
            ],
        ),
    )  # fmt: skip


TRANSLATION = Task(
    name="translation",
    unit="sentence",
    sample="A dog runs on the beach.",
    text=True,
    fingerprint=_passage_fingerprint,
    record=_translation_record,
    failures=_failures,
    risks="What it writes can read well and say something else, and a name, a number or a negation "
    "can be lost. Have somebody who knows both languages read whatever matters.",
    display=Display(
        input=_show_passage,
        target=_show_text("target"),
        answer=_show_text("text"),
        judge=_sentence_scores,
    ),
    metrics=(
        _metric(
            "bleu",
            "BLEU of the text as it is, 0 to 100 (Papineni et al. 2002; sacreBLEU, Post 2018: "
            "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp)",
            functools.partial(_bleu, lowercase=False),
            _bleu_score,
            hub_name="bleu",
        ),
        _metric(
            "chrf++",
            "chrF++ of the text as it is, 0 to 100 (Popović 2017; sacreBLEU: "
            "nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no)",
            _chrf,
            _chrf_score,
            hub_name="chrf",
        ),
        _metric(
            "bleu-lower-case",
            "BLEU of the text in lower case, the older convention (sacreBLEU: "
            "nrefs:1|case:lc|eff:no|tok:13a|smooth:exp)",
            functools.partial(_bleu, lowercase=True),
            _bleu_score,
        ),
    ),
)
