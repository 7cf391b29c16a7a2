"""What the Hub reads in the committed cards is of the form that it takes.

Its own check, `ModelCard.validate`, asks the Hub; what can be known of it without is in its
documentation (https://huggingface.co/docs/hub/model-cards, /eval-results) and in its client.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries
from huggingface_hub.utils import validate_repo_id

import zoo
from zoo.card_metadata import evaluation_file
from zoo.errors import InputError
from zoo.tasks import TASKS

CARDS = Path(__file__).parent.parent / "cards"
# Of the identifiers at https://huggingface.co/docs/hub/repositories-licenses.
LICENCES = {
    *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-3.0", "cc-by-4.0"),
    *("cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "gpl-3.0", "lgpl-3.0"),
    *("mpl-2.0", "openrail", "unlicense"),
}
# Of the tasks at https://huggingface.co/tasks, those that programs here could do.
PIPELINE_TAGS = {
    *("audio-classification", "audio-to-audio", "automatic-speech-recognition"),
    *("image-classification", "image-segmentation", "object-detection", "reinforcement-learning"),
    *("robotics", "tabular-classification", "tabular-regression", "text-classification"),
    *("text-generation", "text-to-speech", "token-classification", "translation"),
}
# Of the identifiers at https://huggingface.co/metrics.
METRICS = {"accuracy", "bleu", "cer", "chrf", "f1", "mean_iou", "mse", "sacrebleu", "wer"}


def complaints(text: str) -> list[str]:
    """What the Hub would object to in a card's metadata."""
    found = []
    data = ModelCard(text).data.to_dict()

    def expect(good: bool, complaint: str) -> None:
        if not good:
            found.append(complaint)

    expect(data.get("license") in LICENCES, f"license {data.get('license')!r}")
    expect(data.get("pipeline_tag") in PIPELINE_TAGS, f"pipeline_tag {data.get('pipeline_tag')!r}")
    expect(bool(re.fullmatch(r"[\w-]+", str(data.get("library_name")))), "library_name")
    for code in data.get("language", []):
        expect(bool(re.fullmatch(r"[a-z]{2,3}|multilingual", code)), f"language {code!r}")
    for tag in data["tags"]:
        expect(isinstance(tag, str) and bool(tag), f"tag {tag!r}")
    expect(len(set(data["tags"])) == len(data["tags"]), "a tag twice")
    expect(set(data.get("metrics", [])) <= METRICS, f"metrics {data.get('metrics')}")
    for repo in [*data.get("datasets", []), *filter(None, [data.get("base_model")])]:
        validate_repo_id(repo)
        expect("/" in repo, f"{repo!r} names no owner")
    for index in data.get("model-index", []):
        expect(bool(index.get("name")), "model-index without a name")
        found += _objections(index["results"])
    return found


def _objections(results: list[dict[str, Any]]) -> list[str]:
    found, headings = [], set()
    for result in results:
        data = result["dataset"]
        if result["task"]["type"] not in PIPELINE_TAGS or not (data["type"] and data["name"]):
            found.append(f"task or data set of {result}")
        heading = tuple(data.get(key) for key in ("type", "config", "split"))
        names = [metric["name"] for metric in result["metrics"]]
        # The client would have put two of one heading together, with each name twice.
        if heading in headings or len(set(names)) != len(names):
            found.append(f"figures of different data under {heading}")
        headings.add(heading)
        for metric in result["metrics"]:
            value = metric["value"]
            if not metric["type"] or type(value) not in (int, float) or not math.isfinite(value):
                found.append(f"metric {metric}")
    return found


@pytest.mark.parametrize("path", sorted(CARDS.rglob("*.md")), ids=lambda path: path.stem)
def test_a_card_is_of_the_form_that_the_hub_takes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert complaints(text) == []
    # What the Hub's own client writes again is what it read.
    assert str(ModelCard(text)) == text


def test_every_model_has_a_card_and_every_card_a_model() -> None:
    cards = {str(path.relative_to(CARDS).with_suffix("")) for path in CARDS.rglob("*.md")}
    assert cards == {entry.name for entry in zoo.models()}


def test_text_and_speech_say_their_languages() -> None:
    for entry in zoo.models():
        if entry.task in ("automatic-speech-recognition", "translation", "text-to-speech"):
            assert entry.languages, entry.name


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_task_is_found_under_a_tag_of_the_hub(name: str) -> None:
    assert (TASKS[name].pipeline_tag or name) in PIPELINE_TAGS
    assert {metric.hub_name for metric in TASKS[name].metrics} - {""} <= METRICS


_CARD = """---
language:
- en
library_name: zoo
license: mit
pipeline_tag: image-classification
tags:
- zoo
model-index:
- name: toys/one
  results:
  - task:
      type: image-classification
      name: image-classification
    dataset:
      name: Digits
      type: someone/digits
      split: test
    metrics:
    - type: accuracy
      value: 0.5
      name: accuracy
    - type: log-loss
      value: 0.25
      name: log-loss
---

# One
"""


@pytest.mark.parametrize(
    ("good", "bad", "complaint"),
    [
        ("license: mit", "license: my own", "license 'my own'"),
        ("pipeline_tag: image-", "pipeline_tag: picture-", "pipeline_tag"),
        ("- en\n", "- English\n", "language 'English'"),
        ("- zoo\n", "- zoo\n- zoo\n", ""),
        ("value: 0.25", "value: a quarter", "metric"),
        ("name: log-loss", "name: accuracy", "figures of different data"),
        ("type: image-classification\n", "type: pictures\n", "task or data set"),
    ],
)
def test_what_the_hub_would_object_to_is_found(good: str, bad: str, complaint: str) -> None:
    assert complaints(_CARD) == []
    assert good in _CARD
    found = complaints(_CARD.replace(good, bad))
    # A tag that is there twice, the client drops by itself.
    assert [one[: len(complaint)] for one in found] == ([complaint] if complaint else [])


# --- what leaderboards take ----------------------------------------------------------------------


def test_leaderboards_take_the_primary_figure_of_data_that_are_on_the_hub() -> None:
    (entry,) = parse_eval_result_entries(yaml.safe_load(evaluation_file(_CARD)))
    assert (entry.dataset_id, entry.task_id) == ("someone/digits", "default")
    assert entry.value == 0.5
    assert entry.notes == "accuracy on the split test, by zoo bench"


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("type: someone/digits", "type: digits"),  # nobody's data set on the Hub
        ("name: Digits", "name: Digits\n      config: Digits (JPEG q75)"),  # and another content
        ("name: image-classification", "name: Reading digits"),  # no task of ours
    ],
)
def test_leaderboards_get_no_figure_of_other_data(good: str, bad: str) -> None:
    assert evaluation_file(_CARD.replace(good, bad)) == ""


def test_a_card_that_cannot_be_read_has_no_figures() -> None:
    with pytest.raises(InputError, match=r"^The metadata of the card cannot be read: [^\n]+\.$"):
        evaluation_file("---\nlicense: [mit\n---\n\n# Broken\n")


def test_what_leaderboards_take_lies_beside_the_cards() -> None:
    files = {path: path.read_text(encoding="utf-8") for path in CARDS.rglob("*.eval_results.yaml")}
    assert files
    for path, text in files.items():
        card = path.with_name(path.name.replace(".eval_results.yaml", ".md"))
        assert text == evaluation_file(card.read_text(encoding="utf-8"))
