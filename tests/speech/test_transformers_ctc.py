from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from tests import tiny_checkpoints
from tests.speech.checkpoints import RATE, edit, load, sound

# --- frame by frame: CTC --------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ["wav2vec2", "hubert"])
def test_ctc_answers_what_transformers_itself_answers(
    folders: dict[str, Path], architecture: str
) -> None:
    folder = folders[architecture]
    network = transformers.AutoModelForCTC.from_pretrained(folder).eval()
    processor = transformers.Wav2Vec2Processor.from_pretrained(folder)
    with torch.no_grad():
        inputs = processor(sound(2), sampling_rate=RATE, return_tensors="pt")
        logits = network(**inputs).logits
    expected = processor.batch_decode(logits.argmax(-1))[0]

    answer = load(folder).predict((sound(2), RATE))

    assert answer.text == " ".join(expected.split())
    assert len(answer.words) > 1 or architecture == "hubert"
    best = logits.log_softmax(-1).max(-1).values
    assert answer.confidence == pytest.approx(float(best.mean().exp()), abs=1e-5)


@pytest.mark.parametrize("architecture", ["wav2vec2", "hubert"])
def test_long_sound_answers_what_the_pipeline_of_transformers_answers(
    folders: dict[str, Path], architecture: str
) -> None:
    pipeline = transformers.pipeline(
        "automatic-speech-recognition", model=str(folders[architecture]), device="cpu"
    )
    long = sound(3, 73.21)
    expected = pipeline({"raw": long, "sampling_rate": RATE}, chunk_length_s=30, stride_length_s=5)
    assert load(folders[architecture]).predict((long, RATE)).text == " ".join(
        expected["text"].split()
    )


class Planted(torch.nn.Module):
    """Spells what it is given: a sample of value n / 100 is the label n, in frames of 320."""

    def __init__(self, network: Any, certainty: float = 0.9) -> None:
        super().__init__()
        self.config = network.config
        self.certainty = certainty
        self.longest = 0

    def forward(self, input_values: torch.Tensor) -> Any:
        self.longest = max(self.longest, input_values.shape[1])
        frames = (input_values.shape[1] - 400) // 320 + 1
        labels = (input_values[0, : frames * 320 : 320] * 100).round().long()
        size = len(tiny_checkpoints.CTC_LABELS)
        probabilities = torch.full((frames, size), (1 - self.certainty) / (size - 1))
        probabilities[torch.arange(frames), labels] = self.certainty
        return transformers.modeling_outputs.CausalLMOutput(logits=probabilities.log()[None])


def planted(folder: Path) -> Any:
    model = load(folder)
    model.network = Planted(model.network)
    model.feature_extractor.do_normalize = False
    return model


def spelt(labels: list[str]) -> NDArray[np.float32]:
    """The sound of these labels, a frame each; the last is not heard whole, so a blank follows."""
    numbers = [tiny_checkpoints.CTC_LABELS.index(label) for label in labels] + [0]
    return np.repeat(np.array(numbers, np.float32) / 100, 320)


def test_a_planted_path_gives_words_with_their_times(folders: dict[str, Path]) -> None:
    blank, unknown = "<pad>", "<unk>"
    path = [blank, "H", "H", blank, "E", "L", blank, "L", "O", "|", blank, "|", "Z", unknown]
    answer = planted(folders["wav2vec2"]).predict((spelt([*path, "O", unknown, "O", blank]), RATE))
    assert answer.text == "HELLO ZOO"
    first, second = answer.words
    assert (first.text, second.text) == ("HELLO", "ZOO")
    assert (first.start, first.end) == pytest.approx((0.02, 0.18))
    assert (second.start, second.end) == pytest.approx((0.24, 0.34))
    assert first.confidence == pytest.approx(0.9, abs=1e-6)
    assert answer.confidence == pytest.approx(0.9, abs=1e-6)


def test_words_across_the_cuts_of_long_sound_are_heard_once(folders: dict[str, Path]) -> None:
    """Words without a pause for 125 s: every cut goes through one, and shifts by a frame show."""
    rng = np.random.default_rng(0)
    words, labels, starts = [], [], []
    while len(labels) < 125 * 50:
        word = [str(letter) for letter in rng.choice(list("AEHLORTZ"), rng.integers(2, 9))]
        starts.append(len(labels))
        words.append("".join(word))
        for letter in word:
            labels += [letter] * int(rng.integers(1, 4)) + ["<pad>"]
        labels.append("|")
    model = planted(folders["wav2vec2"])
    answer = model.predict((spelt(labels), RATE))
    assert answer.text == " ".join(words)
    assert [word.start for word in answer.words] == pytest.approx([at / 50 for at in starts])
    assert model.network.longest == 30 * RATE


def test_lower_case_is_of_the_text_and_of_its_words(spoilt: Any) -> None:
    folder = spoilt("wav2vec2")
    edit(folder / "tokenizer_config.json", do_lower_case=True)
    answer = planted(folder).predict((spelt(["H", "O", "|", "Z"]), RATE))
    assert answer.text == "ho z"
    assert [word.text for word in answer.words] == ["ho", "z"]


def test_an_array_that_only_training_needs_may_be_missing(
    folders: dict[str, Path], spoilt: Any
) -> None:
    """As it is of facebook/wav2vec2-base-960h."""
    folder = spoilt("wav2vec2")
    arrays = load_file(folder / "model.safetensors")
    del arrays["wav2vec2.masked_spec_embed"]
    save_file(arrays, folder / "model.safetensors", metadata={"format": "pt"})
    x = (sound(5), RATE)
    assert load(folder).predict(x) == load(folders["wav2vec2"]).predict(x)


def test_arrays_by_their_names_of_older_days(folders: dict[str, Path], spoilt: Any) -> None:
    """As they are on the Hub, from before PyTorch named normalised weights otherwise."""
    folder = spoilt("wav2vec2")
    old = {"parametrizations.weight.original0": "weight_g"}
    old["parametrizations.weight.original1"] = "weight_v"
    arrays = load_file(folder / "model.safetensors")
    for new, name in old.items():
        long = f"wav2vec2.encoder.pos_conv_embed.conv.{new}"
        arrays[long.replace(new, name)] = arrays.pop(long)
    save_file(arrays, folder / "model.safetensors", metadata={"format": "pt"})
    x = (sound(5), RATE)
    assert load(folder).predict(x) == load(folders["wav2vec2"]).predict(x)


def test_a_language_model_beside_the_network_is_not_read(
    folders: dict[str, Path], spoilt: Any
) -> None:
    folder = spoilt("wav2vec2")
    edit(folder / "preprocessor_config.json", processor_class="Wav2Vec2ProcessorWithLM")
    edit(folder / "tokenizer_config.json", processor_class="Wav2Vec2ProcessorWithLM")
    (folder / "language_model").mkdir()
    (folder / "language_model" / "attrs.json").write_text("{}")
    x = (sound(5), RATE)
    assert load(folder).predict(x) == load(folders["wav2vec2"]).predict(x)
