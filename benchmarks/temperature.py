"""What the temperature of its sampling does to a WaveNet's voice, by which its default was chosen.

    python benchmarks/temperature.py tts/wavenet-en

The validation prompts, none of which it learned from and none of which is scored on, are spoken at
each temperature and compared with the recordings as the benchmark compares.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import zoo
from zoo.files import write_atomically
from zoo.metrics import score
from zoo.progress import Progress
from zoo.registry import data_set
from zoo.tasks.text_to_speech import TEXT_TO_SPEECH

DATA, SPLIT = "asterisk-prompts", "validation"
TEMPERATURES = (1.0, 0.9, 0.8, 0.7, 0.6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", nargs="?", default="tts/wavenet-en")
    parser.add_argument("--out", type=Path, default=Path("studies/temperature.json"))
    options = parser.parse_args()
    model: Any = zoo.load(options.model)
    rows = []
    for temperature in Progress(show=True).track(TEMPERATURES, "Speaking"):
        rows.append({"temperature": temperature, **spoken(model, temperature=temperature)})
        print(rows[-1], flush=True)
    about = {"model": options.model, "rows": rows}
    write_atomically(options.out, json.dumps(about, indent=2) + "\n")


def spoken(model: Any, **options: Any) -> dict[str, list[float]]:
    """By metric: the value and the ends of its 95 % interval."""
    examples = list(data_set(DATA).examples(SPLIT))
    assert TEXT_TO_SPEECH.recorder is not None
    record = TEXT_TO_SPEECH.recorder([one.input for one in examples])
    answers = model.predict_batch([one.input for one in examples], **options)
    rows = [record(speech, one.target) for speech, one in zip(answers, examples, strict=True)]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    found = {metric.name: score(metric, columns) for metric in TEXT_TO_SPEECH.metrics}
    return {name: [one.value, one.low, one.high] for name, one in found.items()}


if __name__ == "__main__":
    main()
