"""Render studies/README.md and its plot from the figures that the other scripts here left there.

python benchmarks/studies.py [--folder studies]
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from zoo.files import write_atomically
from zoo.metrics import wilson
from zoo.report import markdown_row, seconds_text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("studies"))
    folder: Path = parser.parse_args().folder
    write_atomically(folder / "README.md", page(folder))
    draw_noise(_read(folder / "noise.json")["points"], folder / "noise.png")


def page(folder: Path) -> str:
    """The page, as Markdown."""
    folds = [_read(path) for path in sorted((folder / "speakers").glob("*.json"))]
    parts = [
        "# Studies\n\nWhat a single score does not tell. Each part names the script that measured "
        "it; percentages are of whole recordings that are recognised right, with 95 % intervals.",
        _speakers(folds),
        _noise(_read(folder / "noise.json")["points"]),
        _streaming(_read(folder / "streaming.json")),
        _lengths(_read(folder / "sentence-lengths.json")),
    ]
    return "\n\n".join(parts) + "\n"


def _speakers(folds: list[dict[str, Any]]) -> str:
    by_model: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for one in folds:
        by_model[one["model"]][one["speaker"]] = one
    speakers = sorted({one["speaker"] for one in folds})
    lines = [
        markdown_row(["Model", *speakers, "Mean", "Worst"]),
        "|" + " --- |" * (len(speakers) + 3),
    ]
    wrong = {}
    for model, own in by_model.items():
        cells = [f"{own[s]['accuracy'][0]:.1%}" if s in own else "" for s in speakers]
        if set(own) == set(speakers):
            rates = [one["accuracy"][0] for one in own.values()]
            count = sum(one["recordings"] for one in own.values())
            right = round(sum(one["accuracy"][0] * one["recordings"] for one in own.values()))
            wrong[model] = count - right
            low, high = wilson(right, count)
            cells += [f"{sum(rates) / len(rates):.2%} ({low:.2%} to {high:.2%})"]
            cells += [f"{min(rates):.1%}"]
        else:
            cells += ["", ""]
        lines.append(markdown_row([model, *cells]))
    total = ", ".join(f"{model} {count:,}" for model, count in wrong.items())
    return (
        "## A voice never heard\n\n"
        "`python benchmarks/speakers.py MODEL ...`: each speaker of FSDD in turn is left out, the "
        "model is trained by its recipe on the other five, and tried on all recordings of the "
        "sixth.\n\n" + "\n".join(lines) + f"\n\nRecordings that were recognised wrong: {total}."
    )


def _noise(points: list[dict[str, Any]]) -> str:
    names = {None: "clean"}
    ratios = list(dict.fromkeys(one["decibels"] for one in points))
    header = ["Model", "Noise", *(names.get(r, f"{r} dB") for r in ratios)]
    lines = [markdown_row(header), "|" + " --- |" * len(header)]
    for model in dict.fromkeys(one["model"] for one in points):
        for kind in dict.fromkeys(one["noise"] for one in points):
            own = {
                one["decibels"]: one["accuracy"]
                for one in points
                if (one["model"], one["noise"]) == (model, kind)
            }
            cells = [f"{own[r][0]:.1%} ({own[r][1]:.1%} to {own[r][2]:.1%})" for r in ratios]
            lines.append(markdown_row([model, kind, *cells]))
    return (
        "## Noise\n\n"
        "`python benchmarks/noise.py MODEL ...`: FSDD's 300 test recordings with noise added, at "
        "these ratios of the power of speech to that of noise. The Conformer learned from noisy "
        "recordings, the others from clean ones only.\n\n" + "\n".join(lines) + "\n\n"
        "![Accuracy against the ratio of signal to noise](noise.png)"
    )


def _streaming(about: dict[str, Any]) -> str:
    header = [
        "Chunk",
        "First word told after its end, p50 / p95",
        "Computing an answer, p50 / p95",
        "Same text as the whole recording",
    ]
    lines = [markdown_row(header), "|" + " --- |" * len(header)]
    for one in about["rows"]:
        lines.append(
            markdown_row(
                [
                    f"{one['chunk']:.2f} s",
                    f"{one['delay_p50']:.2f} / {one['delay_p95']:.2f} s",
                    f"{seconds_text(one['computing_p50'])} / {seconds_text(one['computing_p95'])}",
                    f"{one['same_as_offline']} of {one['recordings']}",
                ]
            )
        )
    return (
        "## Live sound\n\n"
        f"`python benchmarks/streaming.py {about['model']}`: the strings of FSDD given in pieces "
        f"of {about['piece'] * 1000:.0f} ms, on one thread. The delay is what the method needs to "
        "hear; computing comes on top.\n\n" + "\n".join(lines)
    )


def _lengths(about: dict[str, Any]) -> str:
    header = ["Model", "Words", "Sentences", "p50 / p90 / p99", "p99 over p50"]
    lines = [markdown_row(header), "|" + " --- |" * len(header)]
    for one in about["rows"]:
        times = " / ".join(seconds_text(one[name]) for name in ("p50", "p90", "p99"))
        low, high = one["words"]
        cells = [one["model"], f"{low} to {high}", f"{one['sentences']}", times]
        lines.append(markdown_row([*cells, f"{one['p99'] / one['p50']:.2f}"]))
    models = " ".join(dict.fromkeys(one["model"] for one in about["rows"]))
    return (
        "## The length of a sentence\n\n"
        f"`python benchmarks/sentence_lengths.py {models}`: how long the translation of one "
        "sentence of Multi30k's test split takes, English to German, alone, on one thread. "
        "Stacks of a fixed size bound the work of the phrase-based search; the network goes on "
        "until enough of its hypotheses have ended.\n\n" + "\n".join(lines)
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
