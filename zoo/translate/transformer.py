"""One network that translates between any two of its languages."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from zoo.data import Example
from zoo.errors import InputError
from zoo.options import check_known
from zoo.progress import Progress
from zoo.registry import data_set
from zoo.tasks import task
from zoo.text import Passage
from zoo.translate.beam import search
from zoo.translate.lesson import Lesson, Pairs, padded
from zoo.translate.parallel import Direction
from zoo.translate.pieces import END, PADDING, Pieces
from zoo.translate.sentences import equal_parts
from zoo.translate.transformer_network import Shape, TransformerNetwork
from zoo.translate.transformer_training import Schedule, train
from zoo.translate.translator import Hypothesis, Translator, checked_beams
from zoo.weights import half

BEAMS, _MOST_BEAMS = 5, 50
_LONGEST = 120  # pieces that are translated at once: it learned from no more than a hundred
_AT_ONCE = 2000  # pieces of sources that are translated together, each beam counted
_WATCHED = 200  # sentences of a direction that are translated to see how learning goes


class TransformerTranslator(Translator):
    """A Transformer over pieces of words that all its languages share.

    The language that is wanted stands as a sign in front of the source (Johnson et al. 2017), so
    that any two of the languages can be asked for, pairs that were never learned from included.

    Options of `predict`: beams, how many hypotheses the search keeps (1: greedy).
    """

    batch_size = 256
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda", "mps")
    predict_options = Translator.predict_options | {"beams"}

    def __init__(self, network: TransformerNetwork, pieces: Pieces, device: str = "cpu") -> None:
        super().__init__()
        self.device = device
        self.network = network.to(device).eval().requires_grad_(False)
        self.pieces = pieces

    @property
    def directions(self) -> frozenset[Direction]:
        return frozenset(itertools.permutations(self.pieces.languages, 2))

    def _check_options(self, options: Mapping[str, Any]) -> None:
        super()._check_options(options)
        checked_beams(options.get("beams", BEAMS), _MOST_BEAMS)

    def _translate(self, pieces: Sequence[Passage], **options: Any) -> list[Hypothesis]:
        encoded = self.pieces.encode([one.text for one in pieces])
        parts = [
            (i, part)
            for i, one in enumerate(encoded)
            for part in equal_parts(one.tolist(), _LONGEST)
        ]
        rows = [[self.pieces.sign(pieces[i].target), *part, END] for i, part in parts]
        answers: list[list[Hypothesis]] = [[] for _ in pieces]
        for (i, _), one in zip(parts, self._search(rows, **options), strict=True):
            answers[i].append(one)
        return [
            Hypothesis(" ".join(one.text for one in own), sum(one.score for one in own))
            for own in answers
        ]

    def _search(self, rows: list[list[int]], *, beams: int = BEAMS) -> list[Hypothesis]:
        found: list[Hypothesis] = [Hypothesis("", 0.0)] * len(rows)
        for group in _of_one_length(rows, _AT_ONCE // beams):
            sources = padded([rows[i] for i in group]).to(self.device)
            longest = [2 * len(rows[i]) + 10 for i in group]
            best = search(self.network, sources, sources != PADDING, longest, beams=beams)
            texts = self.pieces.decode([one.pieces for one in best])
            for i, one, text in zip(group, best, texts, strict=True):
                found[i] = Hypothesis(text, one.score)
        return found

    # --- learning ---

    @classmethod
    def fit(
        cls,
        train: Iterable[Example],
        validation: Iterable[Example] | None = None,
        *,
        seed: int = 0,
        progress: bool = True,
        workspace: Path | None = None,
        start: Self | None = None,
        **options: Any,
    ) -> Self:
        """Learn from texts and their translations, in all directions at once.

        start: a translator whose pieces and numbers learning begins with, to adapt it or to go on;
        it is left as it is. Of the sizes among the options, vocabulary counts for nothing then,
        dropout may be another, and the others must be its own.
        options: of `_train`.

        Raises InputError if `start` is of another size, or lacks a language of the examples.
        """
        check_known(f"{cls.__name__} learns with", options, cls.fit_options())
        if start is not None:
            if not isinstance(start, cls):
                raise InputError(f"start is a {cls.__name__}; {type(start).__name__} came.")
            options = {**asdict(start.network.shape), **options}
        return cls._train(
            Pairs(list(train)),
            list(validation or ()),
            seed=seed,
            report=Progress.kept_in(workspace, show=progress),
            workspace=workspace,
            start=start,
            **options,
        )

    @classmethod
    def fit_options(cls) -> set[str]:
        """The names of the options of `fit` that are the method's own."""
        common = {"train", "validation", "seed", "report", "workspace", "start"}
        own = set(inspect.signature(cls._train).parameters) - common - {"schedule"}
        return own | set(inspect.signature(Schedule).parameters)

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        """Options of a training that takes seconds, for tests."""
        return {
            "vocabulary": 320, "width": 32, "heads": 2, "hidden": 64, "encoder_layers": 1,
            "decoder_layers": 1, "dropout": 0.0, "tokens": 400, "steps": 150, "warm_up": 10,
            "learning_rate": 0.01, "table_rate": 0.01, "averaging": 20, "log_every": 150,
        }  # fmt: skip

    @classmethod
    def _train(
        cls,
        train_pairs: Pairs,
        validation: list[Example],
        *,
        seed: int,
        report: Progress,
        workspace: Path | None,
        start: Self | None,
        also: Sequence[str] = (),
        also_share: float = 0.35,
        favoured: str = "en",
        from_favoured: float = 1.0,
        into_favoured: float = 0.5,
        others: float = 0.25,
        held_out: Sequence[str] = (),
        vocabulary: int = 8000,
        width: int = 256,
        heads: int = 4,
        hidden: int = 1024,
        encoder_layers: int = 4,
        decoder_layers: int = 3,
        dropout: float = 0.1,
        tokens: int = 6000,
        longest: int = 100,
        **schedule: Any,
    ) -> Self:
        """Learn the pieces, then the network.

        also: further data sets, from whose `train` splits `also_share` of the pairs are drawn.
        favoured: a language; directions from it, into it and between others are drawn with weights.
        held_out: directions, as "de-fr", that are never learned from.
        """
        if isinstance(also, str):
            raise InputError(f"also is a list of data sets; the text {also!r} came.")
        corpora = [(train_pairs, 1.0)]
        if also:
            lent = [example for name in also for example in data_set(name).examples("train")]
            corpora = [(train_pairs, 1 - also_share), (Pairs(lent), also_share)]
        languages = sorted(set().union(*(pairs.languages for pairs, _ in corpora)))
        for name in held_out:
            if not {*name.split("-")} <= set(languages):
                raise InputError(f"{name!r} is no direction between {', '.join(languages)}.")
        texts = dict.fromkeys(text for pairs, _ in corpora for text in pairs.texts)
        if start is None:
            report.log(event="pieces", texts=len(texts), languages=" ".join(languages))
            pieces = Pieces.learn(texts, languages, vocabulary)
        else:
            pieces = start.pieces
        if lacking := sorted(set(languages) - set(pieces.languages)):
            raise InputError(f"The translator to start from does not know {', '.join(lacking)}.")
        weights = {
            (a, b): 0.0
            if f"{a}-{b}" in held_out
            else from_favoured
            if a == favoured
            else into_favoured
            if b == favoured
            else others
            for a, b in itertools.permutations(languages, 2)
        }
        lesson = Lesson(corpora, pieces, weights=weights, tokens=tokens, longest=longest, seed=seed)
        torch.manual_seed(seed)
        shape = Shape(
            vocabulary=len(pieces), width=width, heads=heads, hidden=hidden, dropout=dropout,
            encoder_layers=encoder_layers, decoder_layers=decoder_layers,
        )  # fmt: skip
        network = TransformerNetwork(shape)
        if start is not None:
            own = replace(start.network.shape, dropout=dropout)
            if own != shape:
                raise InputError(f"A network of {own} cannot go on as one of {shape}.")
            network.load_state_dict(start.network.state_dict())
        watched = _watched(validation, favoured)
        average = train(
            network,
            lesson,
            Schedule(**schedule),
            validate=lambda now: cls._scores(cls(now, pieces), watched),
            report=report,
            workspace=workspace,
            goes_on=start is not None,
        )
        with torch.no_grad():
            for parameter in average.parameters():
                parameter.copy_(torch.from_numpy(half(parameter.numpy())))
        return cls(average, pieces)

    @staticmethod
    def _scores(model: TransformerTranslator, watched: dict[Direction, list[Example]]) -> Any:
        """BLEU of greedy translations, by direction."""
        metric = task("translation").primary
        found = {}
        for (source, target), examples in watched.items():
            answers = model.predict_batch([one.input for one in examples], beams=1)
            records = {
                "text": [one.text for one in answers],
                "target": [one.target for one in examples],
            }
            totals = metric.statistics(records).sum(axis=0)
            found[f"{metric.name}_{source}_{target}"] = float(metric.score(totals))
        return found

    # --- storing ---

    def count_parameters(self) -> int:
        """The network's; the pieces are text."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def _to_weights(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        settings = {"shape": asdict(self.network.shape), "languages": list(self.pieces.languages)}
        arrays: dict[str, NDArray[Any]] = {
            name: value.cpu().numpy() for name, value in self.network.state_dict().items()
        }
        arrays["pieces"] = np.frombuffer(self.pieces.model, np.uint8)
        return settings, arrays

    @classmethod
    def _from_weights(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str
    ) -> Self:
        pieces = Pieces(arrays["pieces"].tobytes(), settings["languages"])
        if not all(np.isfinite(one).all() for one in arrays.values()):
            raise ValueError("numbers that are not finite")
        try:
            network = TransformerNetwork(Shape(**settings["shape"]))
        except InputError as error:
            raise ValueError(error) from error
        if len(pieces) != network.shape.vocabulary:
            raise ValueError(f"{len(pieces)} pieces for {network.shape.vocabulary} vectors")
        network.load_state_dict(
            {name: torch.from_numpy(x) for name, x in arrays.items() if name != "pieces"}
        )
        return cls(network, pieces, device)


def _of_one_length(rows: Sequence[Sequence[int]], at_once: int) -> list[list[int]]:
    """Rows by number, in groups of about one length, each of `at_once` pieces or one row."""
    groups: list[list[int]] = []
    for i in sorted(range(len(rows)), key=lambda i: (len(rows[i]), i)):
        if groups and (len(groups[-1]) + 1) * len(rows[i]) <= at_once:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def _watched(validation: Sequence[Example], favoured: str) -> dict[Direction, list[Example]]:
    """The first examples of each direction from the favoured language."""
    watched: dict[Direction, list[Example]] = {}
    for example in validation:
        direction = example.input.source, example.input.target
        if direction[0] == favoured and len(watched.setdefault(direction, [])) < _WATCHED:
            watched[direction].append(example)
    return watched
