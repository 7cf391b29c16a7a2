"""CMU Sphinx: hidden Markov models of phones, a dictionary and a trigram language model.

Huggins-Daines et al., "PocketSphinx: A Free, Real-Time Continuous Speech Recognition System for
Hand-Held Devices", ICASSP 2006. The decoder and its models of US English are those that the package
`pocketsphinx` ships, with the settings that it ships them with.
"""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from zoo.audio import Audio, read_audio
from zoo.errors import InputError, MissingDependencyError
from zoo.listening import RATE, Samples, pieces, to_pcm
from zoo.model import Model
from zoo.predictions import Transcript, Word

FRAMES = 100  # a second
THRESHOLD, MOST_THRESHOLD = 1e-30, 1e50  # the decoder's own default, and the most it tells apart

_VARIANT = re.compile(r"\(\d+\)$")  # read(2) is another pronunciation of read
_NO_WORD = re.compile(r"<.*>|\[.*\]")  # silence, noise and the ends of an utterance
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_PUBLIC = re.compile(r"\bpublic\s*<")


class PocketSphinxRecognizer(Model):
    """English speech to lower-case words.

    grammar: a JSGF grammar with one public rule, as text or as a path ending in .gram or .jsgf;
        nothing but its sentences is then heard, one in at most half a minute, or nothing at all.
    keywords: words or phrases to spot in whatever is said, or a mapping of each to its threshold,
        the likelihood ratio to anything else from which on it counts as heard: towards 1e-50 it is
        found more often, and more often falsely. Long phrases want smaller ones.

    Without either, general English is transcribed with a trigram language model. The confidence of
    a word is its posterior probability in the word lattice: of general English rather low, for only
    paths count that begin it at the same time; of a grammar, which knows nothing else, high even
    where something else was said. That of a keyword is the decoder's own figure, which grows with
    the likelihood ratio but is no probability. That of a transcript is its words' mean, or 0.

    Raises InputError for a broken grammar or an unknown word, and MissingDependencyError.
    """

    task: ClassVar[str] = "automatic-speech-recognition"

    def __init__(
        self,
        grammar: str | os.PathLike[str] | None = None,
        keywords: Iterable[str] | Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        if grammar is not None and keywords is not None:
            raise InputError("Of grammar and keywords one can be given; both came.")
        try:
            import pocketsphinx
        except ImportError as error:
            raise MissingDependencyError(
                "CMU Sphinx needs pocketsphinx: pip install 'software-zoo[speech]'."
            ) from error
        # Without a delay, what was spotted in the last moments is reported too. The settings that
        # matter, such as a cepstral mean taken over the utterance, come with the acoustic model.
        settings = {"loglevel": "FATAL", "kws_delay": 0}
        self._keywords: Path | None = None  # as the decoder reads them
        self._rules: Any = None
        if grammar is None and keywords is None:
            self._decoder = pocketsphinx.Decoder(**settings)
            return
        self._folder = tempfile.TemporaryDirectory(prefix="zoo-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        dictionary = _dictionary(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
        if keywords is not None:
            phrases = _phrases(keywords)
            _check_words((word for phrase in phrases for word in phrase.split()), dictionary)
            self._keywords = folder / "keywords.txt"
            lines = (f"{phrase} /{threshold:g}/\n" for phrase, threshold in phrases.items())
            self._keywords.write_text("".join(lines), encoding="utf-8")
            self._decoder = pocketsphinx.Decoder(lm=None, kws=str(self._keywords), **settings)
        elif grammar is not None:
            # The parser tells what is wrong with a grammar in its log alone, and passes over half
            # of it; the log is the library's, not the decoder's, and is silenced again.
            settings |= {"loglevel": "ERROR", "logfn": str(log := folder / "log.txt")}
            self._decoder = pocketsphinx.Decoder(lm=None, **settings)
            self._rules = _parse(self._decoder, _grammar_text(grammar), log)
            pocketsphinx.set_loglevel("FATAL")
            _check_words(_words_of(self._rules, folder / "grammar.fsg"), dictionary)
            self._decoder.add_fsg("grammar", self._rules)
            self._decoder.activate_search("grammar")

    def predict(self, x: Any, **options: Any) -> Transcript:
        """Recognise one recording: a path, bytes, or samples with a rate (see `zoo.audio`)."""
        prediction = super().predict(x, **options)
        assert isinstance(prediction, Transcript)
        return prediction

    def _prepare(self, x: Any) -> Audio:
        return read_audio(x, RATE)

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        return [self._recognize(audio) for audio in batch]

    def _recognize(self, audio: Audio) -> Transcript:
        words: list[Word] = []
        clock = 0.0  # words may not overlap, and frames reach a little beyond the sound
        for offset, piece in pieces(audio.samples):
            for text, first, after, probability in self._decode(piece):
                start = max(clock, min(offset / RATE + first / FRAMES, audio.seconds))
                end = max(start, min(offset / RATE + after / FRAMES, audio.seconds))
                if self._keywords is not None and start == end:
                    continue  # a keyword within the one before it
                words.append(Word(text, start, end, min(max(probability, 0.0), 1.0)))
                clock = end
        confidence = sum(word.confidence for word in words) / len(words) if words else 0.0
        return Transcript(
            " ".join(word.text for word in words), tuple(words), confidence, audio.seconds
        )

    def _decode(self, samples: Samples) -> list[tuple[str, int, int, float]]:
        """Each word with its first frame, the frame after its last, and its confidence."""
        decoder = self._decoder
        if self._keywords is not None:
            # A search keeps the states of keywords half spoken from one utterance to the next.
            decoder.remove_search(decoder.current_search())
            decoder.add_kws("keywords", str(self._keywords))
            decoder.activate_search("keywords")
        decoder.reinit_feat()  # or what is taken for noise would be that of all sound before
        decoder.start_utt()
        try:
            decoder.process_raw(to_pcm(samples), full_utt=True)
        finally:
            decoder.end_utt()
        if decoder.hyp() is None:  # too short for a word, or no sentence of the grammar
            return []
        # Keywords come in the order of their ends.
        found = sorted(decoder.seg(), key=lambda one: one.start_frame)
        words = [
            (_VARIANT.sub("", one.word.strip()), one.start_frame, one.end_frame + 1, one.prob)
            for one in found
            if not _NO_WORD.fullmatch(one.word)
        ]
        # The best path through the lattice of a grammar may end where no sentence does.
        known = self._rules is None or self._rules.accept(" ".join(word[0] for word in words))
        return words if known else []


def _dictionary(path: str) -> frozenset[str]:
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return frozenset(_VARIANT.sub("", line.split(maxsplit=1)[0]) for line in lines if line.strip())


def _check_words(words: Iterable[str], dictionary: frozenset[str]) -> None:
    unknown = sorted(set(words) - dictionary)
    if unknown:
        near = difflib.get_close_matches(unknown[0].lower(), dictionary, n=3, cutoff=0.75)
        hint = f"; near {unknown[0]!r} there is {' or '.join(near)}." if near else "."
        raise InputError(f"Not in the dictionary: {', '.join(map(repr, unknown))}{hint}")


def _phrases(keywords: Any) -> dict[str, float]:
    """Phrases in lower case with their thresholds. Raises InputError."""
    if isinstance(keywords, str | bytes) or not isinstance(keywords, Iterable):
        raise InputError(f"keywords is a list or a mapping to thresholds; {keywords!r} came.")
    phrases = {}
    for phrase in keywords:
        threshold = keywords[phrase] if isinstance(keywords, Mapping) else THRESHOLD
        if not isinstance(phrase, str) or not phrase.strip():
            raise InputError(f"A keyword is a word or a phrase; {phrase!r} came.")
        if not isinstance(threshold, int | float) or not 0 < threshold <= MOST_THRESHOLD:
            raise InputError(
                f"The threshold of a keyword is a number above 0 and up to {MOST_THRESHOLD:g}; "
                f"{threshold!r} came for {phrase!r}."
            )
        phrases[" ".join(phrase.lower().split())] = float(threshold)
    if not phrases:
        raise InputError("keywords holds at least one word; none came.")
    return phrases


def _grammar_text(grammar: Any) -> str:
    if not isinstance(grammar, str | os.PathLike):
        raise InputError(f"A grammar is JSGF text or a path; {type(grammar).__name__} came.")
    if isinstance(grammar, str) and not grammar.strip().endswith((".gram", ".jsgf")):
        return grammar
    try:
        return Path(grammar).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InputError(f"The grammar {str(grammar)!r} cannot be read: {reason}.") from error


def _parse(decoder: Any, text: str, log: Path) -> Any:
    public = len(_PUBLIC.findall(_COMMENT.sub("", text)))
    if public > 1:  # the decoder would take one of them
        raise InputError(f"A grammar has one public rule; {public} came.")
    rules, failed = None, ""
    try:
        rules = decoder.parse_jsgf(text)
    except (ValueError, RuntimeError) as error:
        failed = str(error)
    said = re.search(r"^ERROR: .*?, line \d+: (.*)$", log.read_text(errors="replace"), re.MULTILINE)
    if said or failed:
        # Its line numbers go on counting from one grammar to the next.
        why = said[1].partition(" at line ")[0] if said else failed
        raise InputError(f"The grammar is no JSGF that can be used: {why.rstrip('.')}.")
    return rules


def _words_of(rules: Any, path: Path) -> set[str]:
    """The words of a finite-state grammar, for which it has to be written to a file."""
    rules.writefile(str(path))
    rows = (line.split(maxsplit=4) for line in path.read_text(encoding="utf-8").splitlines())
    words = {row[4] for row in rows if len(row) == 5 and row[0] == "TRANSITION"}
    if not words:
        raise InputError("The grammar has no sentence with a word in it.")
    return words
