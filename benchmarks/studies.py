"""Render studies/README.md, its plot and the tables that cards quote, from measured figures.

They are what the other scripts here left in the folder, and matches between players.

python benchmarks/studies.py [--folder studies] [--matches matches]
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import zoo
from zoo.files import write_atomically
from zoo.games.arena import Match, elo_words
from zoo.games.match_files import read_matches
from zoo.metrics import wilson
from zoo.report import markdown_row, seconds_text
from zoo.studies import Row, Study, write_studies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("studies"))
    parser.add_argument("--matches", type=Path, default=Path("matches"))
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    studies = [
        _speakers([_read(path) for path in sorted((folder / "speakers").glob("*.json"))]),
        _noise(_read(folder / "noise.json")["points"]),
        _streaming(_read(folder / "streaming.json")),
        _lengths(_read(folder / "sentence-lengths.json")),
        _vocoder(_read(folder / "vocoder.json")),
        _sound(_read(folder / "vocoder.json")),
        _temperatures(_read(folder / "temperature.json")),
    ]
    if (folder / "zero-shot.json").is_file():
        studies.append(_zero_shot(_read(folder / "zero-shot.json")))
    write_atomically(folder / "README.md", page(studies, pictures={"Noise": "noise.png"}))
    draw_noise(_read(folder / "noise.json")["points"], folder / "noise.png")
    # The README tells of matches in sentences; cards quote the table.
    write_studies(folder, [*studies, _matches(read_matches(arguments.matches))])


def page(studies: Sequence[Study], pictures: dict[str, str]) -> str:
    """The page, as Markdown. pictures: by the title of a study, the file of its plot."""
    parts = [
        "# Studies\n\nWhat a single score does not tell. Each part names the script that measured "
        "it; where nothing else is said, percentages are of whole recordings that are recognised "
        "right, with 95 % intervals."
    ]
    for study in studies:
        lines = [markdown_row(study.header), "|" + " --- |" * len(study.header)]
        lines += [markdown_row(row.cells) for row in study.rows]
        parts.append(f"## {study.title}\n\n{study.text}\n\n" + "\n".join(lines))
        if study.title in pictures:
            parts.append(f"![{study.title}, drawn]({pictures[study.title]})")
    return "\n\n".join(parts) + "\n"


def _row(model: str, *cells: str) -> Row:
    """A row about one model, which stands first in it."""
    return Row((model,), (model, *cells))


def _speakers(folds: list[dict[str, Any]]) -> Study:
    by_model: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for one in folds:
        by_model[_learned(one)][one["speaker"]] = one
    speakers = sorted({one["speaker"] for one in folds})
    rows = []
    for name, own in by_model.items():
        model = next(iter(own.values()))["model"]
        cells = [f"{own[s]['accuracy'][0]:.1%}" if s in own else "–" for s in speakers]
        if set(own) == set(speakers):
            rates = [one["accuracy"][0] for one in own.values()]
            count = sum(one["recordings"] for one in own.values())
            right = round(sum(one["accuracy"][0] * one["recordings"] for one in own.values()))
            low, high = wilson(right, count)
            cells += [f"{sum(rates) / len(rates):.2%} ({low:.2%} to {high:.2%})"]
            cells += [f"{min(rates):.1%}", f"{count - right:,}"]
        else:
            cells += ["–"] * 3
        rows.append(Row((model,), (name, *cells)))
    return Study(
        title="A voice never heard",
        text="`python benchmarks/speakers.py MODEL ...`: each speaker of FSDD in turn is left out, "
        "the model is trained by its recipe on the other five, and tried on all recordings of the "
        "sixth. Recordings that are recognised right; – is not measured.",
        header=("Model", *speakers, "Mean", "Worst", "Recordings recognised wrong"),
        rows=tuple(rows),
    )


def _learned(fold: dict[str, Any]) -> str:
    """The model, and how long it learned if that is not what its recipe says."""
    recipe = zoo.info(fold["model"]).recipe
    steps = fold["recipe"]["options"].get("steps")
    if recipe is None or steps == recipe.options.get("steps"):
        return str(fold["model"])
    return f"{fold['model']} ({steps:,} steps)"


def _noise(points: list[dict[str, Any]]) -> Study:
    ratios = list(dict.fromkeys(one["decibels"] for one in points))
    rows = []
    for model in dict.fromkeys(one["model"] for one in points):
        for kind in dict.fromkeys(one["noise"] for one in points):
            own = {
                one["decibels"]: one["accuracy"]
                for one in points
                if (one["model"], one["noise"]) == (model, kind)
            }
            cells = [f"{own[r][0]:.1%} ({own[r][1]:.1%} to {own[r][2]:.1%})" for r in ratios]
            rows.append(_row(model, kind, *cells))
    return Study(
        title="Noise",
        text="`python benchmarks/noise.py MODEL ...`: FSDD's 300 test recordings with noise added, "
        "at these ratios of the power of speech to that of noise. Recordings that are recognised "
        "right. The Conformer learned from noisy recordings, the others from clean ones only.",
        header=("Model", "Noise", *("clean" if r is None else f"{r} dB" for r in ratios)),
        rows=tuple(rows),
    )


def _streaming(about: dict[str, Any]) -> Study:
    return Study(
        title="Live sound",
        text=f"`python benchmarks/streaming.py {about['model']}`: the strings of FSDD given in "
        f"pieces of {about['piece'] * 1000:.0f} ms, on one thread. The delay is what the method "
        "needs to hear; computing comes on top.",
        header=(
            "Chunk",
            "First word told after its end, p50 / p95",
            "Computing an answer, p50 / p95",
            "Same text as the whole recording",
        ),
        rows=tuple(
            Row(
                (about["model"],),
                (
                    f"{one['chunk']:.2f} s",
                    f"{one['delay_p50']:.2f} / {one['delay_p95']:.2f} s",
                    f"{seconds_text(one['computing_p50'])} / {seconds_text(one['computing_p95'])}",
                    f"{one['same_as_offline']} of {one['recordings']}",
                ),
            )
            for one in about["rows"]
        ),
    )


def _lengths(about: dict[str, Any]) -> Study:
    rows = []
    for one in about["rows"]:
        times = " / ".join(seconds_text(one[name]) for name in ("p50", "p90", "p99"))
        low, high = one["words"]
        spread = f"{one['p99'] / one['p50']:.2f}"
        rows.append(_row(one["model"], f"{low} to {high}", f"{one['sentences']}", times, spread))
    models = " ".join(dict.fromkeys(one["model"] for one in about["rows"]))
    return Study(
        title="The length of a sentence",
        text=f"`python benchmarks/sentence_lengths.py {models}`: how long the translation of one "
        "sentence of Multi30k's test split takes, English to German, alone, on one thread. "
        "Stacks of a fixed size bound the work of the phrase-based search; the network goes on "
        "until enough of its hypotheses have ended.",
        header=("Model", "Words", "Sentences", "p50 / p90 / p99", "p99 over p50"),
        rows=tuple(rows),
    )


def _zero_shot(about: dict[str, Any]) -> Study:
    name = about["primary"]
    rows = []
    pairs: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    for one in about["rows"]:
        pairs[one["direction"], one["which"]][one["way"]] = one
    for (direction, which), own in pairs.items():
        direct, detour = own["directly"], own["by way of English"]
        scores = [
            "{value:.2f} ({low:.2f} to {high:.2f})".format(**one["scores"][name])
            for one in (direct, detour)
        ]
        less = "{difference:+.2f} ({low:+.2f} to {high:+.2f})".format(
            **detour["directly_less_this"]
        )
        rows.append(_row(about["model"], direction, which, *scores, less))
    variant = about["variant"]
    recipe = zoo.info(about["model"]).recipe
    rounds = 1 + len(about["further_rounds"])
    # It may have been trained before the recipe had so many rounds.
    part = ""
    if recipe is not None and rounds < len(recipe.rounds):
        part = "the first round of " if rounds == 1 else f"the first {rounds} rounds of "
    each = " in each round" if rounds > 1 else ""
    shorter = f", but for {variant['steps']:,} steps{each}," if "steps" in variant else ""
    return Study(
        title="Directions with and without learning",
        text=f"`python benchmarks/zero_shot.py {about['model']}`: a variant is trained by "
        f"{part}the model's recipe{shorter} without {' and '.join(variant['held_out'])}, and then "
        "asked for them all the same; beside it stands the detour by way of English, and the model "
        "itself, as it ships, which learned from these directions, too. On Multi30k's test split: "
        f"{name}, cased, with 95 % intervals.",
        header=(
            "Model",
            "Direction",
            "The direction was",
            "Directly",
            "By way of English",
            "Directly less the detour",
        ),
        rows=tuple(rows),
    )


def _vocoder(about: dict[str, Any]) -> Study:
    bits = about["bits_per_sample"]
    copies = about["copies"]
    shares = (f"{one['value']:.1%} ({one['low']:.1%} to {one['high']:.1%})" for one in (
        copies["word-error-rate"], copies["word-error-rate-of-recordings"]
    ))  # fmt: skip
    apart = copies["mel-cepstral-distortion"]
    return Study(
        title="The vocoder alone",
        text=f"`python benchmarks/vocoder.py {about['model']}`: what the µ-law code of a sample of "
        "held-out recordings costs, as it is (plain) and of the emphasised sound that the network "
        "learns, whose codes are finer steps; and speech that is made of the mel frames of the "
        "test recordings themselves (copy synthesis), compared with them as the benchmark "
        "compares. 95 % intervals; the recogniser is the benchmark's.",
        header=(
            "Model",
            *(f"Bits a sample, {split} ({kind})" for split, own in bits.items() for kind in own),
            "Mel-cepstral distortion of copies, dB",
            "Word error rate of copies",
            "Of the recordings",
        ),
        rows=(
            _row(
                about["model"],
                *(f"{value:.3f}" for own in bits.values() for value in own.values()),
                f"{apart['value']:.2f} ({apart['low']:.2f} to {apart['high']:.2f})",
                *shares,
            ),
        ),
    )


def _sound(about: dict[str, Any]) -> Study:
    times = about["seconds_per_second"]
    best = times["compiled recurrence"]
    return Study(
        title="Making sound sample by sample",
        text=f"`python benchmarks/vocoder.py {about['model']}`: computing time for a second of "
        f"sound at 16 kHz on one thread ({about['machine']}), medians of five rounds. The naive "
        "way asks the network anew, for each sample, about everything that it depends on.",
        header=("Way", "Seconds for a second of sound", "Times as long"),
        rows=tuple(
            Row((about["model"],), (way, seconds_text(time), f"{time / best:,.1f}"))
            for way, time in times.items()
        ),
    )


def _temperatures(about: dict[str, Any]) -> Study:
    def share(found: list[float]) -> str:
        value, low, high = found
        return f"{value:.1%} ({low:.1%} to {high:.1%})"

    rows = []
    for one in about["rows"]:
        apart = "{:.2f} ({:.2f} to {:.2f})".format(*one["mel-cepstral-distortion"])
        cells = (f"{one['temperature']:g}", apart, share(one["word-error-rate"]))
        rows.append(_row(about["model"], *cells, share(one["voicing-error"])))
    return Study(
        title="The temperature of sampling",
        text=f"`python benchmarks/temperature.py {about['model']}`: the validation prompts, spoken "
        "and compared with the recordings. What is lower is better in every column; the default "
        "was chosen by these figures, not by those of the test prompts.",
        header=(
            "Model", "Temperature", "Mel-cepstral distortion, dB", "Word error rate",
            "Voicing error",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _matches(matches: Sequence[Match]) -> Study:
    rows = []
    for match in matches:
        score = match.score
        cells = [
            f"{match.a.name} against {match.b.name}",
            match.a.terms,
            f"{match.games}",
            " / ".join(map(str, match.tally)),
            f"{score.value:.1%} ({score.low:.1%} to {score.high:.1%})",
            elo_words(score),
        ]
        rows.append(Row((match.a.name, match.b.name), tuple(cells)))
    return Study(
        title="Matches",
        text="`zoo arena`: each opening of random moves is played twice, once with either side "
        "first. A win counts 1 and a draw a half; 95 % intervals.",
        header=("Match", "Each side has", "Games", "Won / drawn / lost", "Score", "That is"),
        rows=tuple(rows),
    )


def draw_noise(points: list[dict[str, Any]], picture: Path) -> None:
    """Accuracy against the ratio of signal to noise, one line for each model and noise."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    ratios = sorted({one["decibels"] for one in points if one["decibels"] is not None})
    place = {ratio: i for i, ratio in enumerate(ratios)} | {None: len(ratios)}
    models = list(dict.fromkeys(one["model"] for one in points))
    for kind, style in (("white", "-"), ("babble", "--")):
        for number, model in enumerate(models):
            own = sorted(
                (place[one["decibels"]], one["accuracy"])
                for one in points
                if (one["model"], one["noise"]) == (model, kind)
            )
            x = [at for at, _ in own]
            y = [100 * accuracy[0] for _, accuracy in own]
            spread = [
                [100 * (accuracy[0] - accuracy[1]) for _, accuracy in own],
                [100 * (accuracy[2] - accuracy[0]) for _, accuracy in own],
            ]
            axes.errorbar(
                x, y, spread, fmt=style, marker="o", markersize=4, capsize=3,
                color=f"C{number}", label=f"{model}, {kind} noise",
            )  # fmt: skip
    axes.set_xticks(range(len(ratios) + 1), [*(f"{ratio} dB" for ratio in ratios), "clean"])
    axes.set_xlabel("power of speech over power of noise")
    axes.set_ylabel("recordings recognised right, %")
    axes.set_ylim(0, 101)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", loc="lower right")
    figure.savefig(picture, dpi=120)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
