from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray

from tests.speech.checkpoints import RATE, edit, load, sound
from zoo.errors import InputError, UnknownNameError

# --- token by token: Whisper ----------------------------------------------------------------------


def heard_by_transformers(folder: Path, samples: NDArray[np.float32], **options: Any) -> Any:
    """(text, log-probability of each token): by the library, and by one pass over its answer."""
    network = transformers.WhisperForConditionalGeneration.from_pretrained(folder).eval()
    processor = transformers.WhisperProcessor.from_pretrained(folder)
    features = processor(samples, sampling_rate=RATE, return_tensors="pt").input_features
    settings = network.generation_config
    with torch.no_grad():
        answer = network.generate(
            features,
            temperature=0.0,
            return_dict_in_generate=True,
            output_scores=True,
            force_unique_generate_call=True,
            **options,
        )
        tokens = answer["sequences"]
        logits = network(features, decoder_input_ids=tokens[:, :-1]).logits[0]
    new = len(answer["scores"])
    logits = logits[-new:]
    logits[:, settings.suppress_tokens] = -math.inf
    logits[0, settings.begin_suppress_tokens] = -math.inf
    logs = logits.log_softmax(-1).gather(1, tokens[0, -new:, None])[:, 0]
    text = processor.decode(tokens[0, -new:], skip_special_tokens=True)
    times = tokens[0, -new:] > settings.no_timestamps_token_id
    return text.strip(), logs[~times]


@pytest.mark.parametrize(
    ("architecture", "options", "theirs"),
    [
        ("whisper-en", {}, {}),
        ("whisper", {"language": "German"}, {"language": "de", "task": "transcribe"}),
        ("whisper", {"language": "haw"}, {"language": "haw", "task": "transcribe"}),
        ("whisper", {"translate": True}, {"task": "translate"}),
        ("whisper", {}, {"task": "transcribe"}),
    ],
)
def test_whisper_answers_what_transformers_itself_answers(
    folders: dict[str, Path], architecture: str, options: Any, theirs: Any
) -> None:
    for seed in range(3):
        text, logs = heard_by_transformers(folders[architecture], sound(seed), **theirs)
        answer = load(folders[architecture]).predict((sound(seed), RATE), **options)
        assert answer.text == text
        assert answer.confidence == pytest.approx(float(logs.mean().exp()), rel=1e-3)


def test_the_language_decides_and_is_found_out_where_it_is_not_given(
    folders: dict[str, Path],
) -> None:
    model = load(folders["whisper"])
    x = (sound(6), RATE)
    each = {language: model.predict(x, language=language) for language in ("en", "de", "haw")}
    assert len({answer.text for answer in each.values()}) == 3
    assert model.predict(x) in each.values()
    assert model.predict(x, language="HAWAIIAN") == each["haw"]
    assert model.predict(x, language="en", translate=True).text != each["en"].text


@pytest.mark.parametrize(
    ("architecture", "options", "kind", "words"),
    [
        ("whisper", {"language": "gerrman"}, UnknownNameError, "did you mean german"),
        ("whisper", {"language": "fr"}, UnknownNameError, "no language named 'fr'"),
        ("whisper", {"language": 7}, InputError, "name or a code"),
        ("whisper", {"translate": "de"}, InputError, "true or false; 'de' came"),
        ("whisper-en", {"language": "en"}, InputError, "knows one only"),
        ("whisper-en", {"translate": True}, InputError, "does not translate"),
        ("moonshine", {"language": "en"}, InputError, "knows one only"),
    ],
)
def test_languages_that_a_model_has_not_are_refused(
    folders: dict[str, Path], architecture: str, options: Any, kind: Any, words: str
) -> None:
    model = load(folders[architecture])
    for ask in (model.predict, lambda x, **given: model.predict_batch([x], **given)):
        with pytest.raises(kind, match=words) as caught:
            ask((sound(0), RATE), **options)
        assert "\n" not in str(caught.value)


def test_without_alignment_heads_there_is_text_without_words(spoilt: Any) -> None:
    folder = spoilt("whisper")
    edit(folder / "generation_config.json", alignment_heads=...)
    answer = load(folder).predict((sound(0), RATE), language="en")
    assert answer.text
    assert answer.words == ()


def test_an_older_checkpoint_without_settings_for_generation(spoilt: Any) -> None:
    folder = spoilt("whisper")
    (folder / "generation_config.json").unlink()
    model = load(folder)
    for seconds in (1.5, 5.0):
        answer = model.predict((sound(0, seconds), RATE))
        assert answer.text
        assert answer.words == ()
    with pytest.raises(InputError, match="knows one only"):
        model.predict((sound(0), RATE), language="en")


def test_a_tokenizer_in_the_files_of_older_days(folders: dict[str, Path], spoilt: Any) -> None:
    folder = spoilt("whisper")
    transformers.WhisperTokenizer.from_pretrained(folder).save_vocabulary(str(folder))
    (folder / "tokenizer.json").unlink()
    assert {"vocab.json", "merges.txt"} <= {path.name for path in folder.iterdir()}
    for x in ((sound(0), RATE), (sound(1, 5.0), RATE)):
        assert load(folder).predict(x) == load(folders["whisper"]).predict(x)


PHRASES = (  # (from, to) in seconds, and what is said; heard two seconds at once
    *((0.1, 1.2, "Ġhello Ġzoo"), (1.3, 2.4, "Ġa l l"), (2.4, 3.6, "Ġz o Ã ©")),
    *((3.7, 5.5, "Ġhello Ġhello"), (6.0, 6.4, "Ġzoo"), (6.5, 7.9, "Ġa Ġz"), (8.0, 8.9, "Ġzoo .")),
)


def test_long_sound_goes_on_from_the_last_whole_phrase(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that hears planted phrases, those that the end of its two seconds cuts wrongly."""
    model = load(folders["whisper"])
    ids = model.tokenizer.convert_tokens_to_ids
    zero = ids("<|0.00|>")
    asked = []

    def generate(**given: Any) -> Any:
        (start, length) = asked[-1]
        tokens = []
        for begin, end, said in PHRASES:
            first, last = (round((time - start) / 0.02) for time in (begin, end))
            if first < 0 or first >= length * 50 - 1:
                continue
            if last > length * 50:
                tokens += [zero + first, ids("Ġa")]
                break
            tokens += [zero + first, *map(ids, said.split()), zero + last]
        tokens.append(model.network.config.eos_token_id)
        scores = torch.full((len(tokens), 1, len(model.tokenizer)), math.log(0.25 / 125))
        for position, token in enumerate(tokens):
            scores[position, 0, token] = math.log(0.75)
        prompt = torch.tensor([1, 2, 3])
        times = torch.linspace(0, length, len(tokens) + 3)[None]
        return {
            "sequences": torch.cat([prompt, torch.tensor(tokens)])[None],
            "scores": tuple(scores),
            "token_timestamps": times,
        }

    hear = model._hear

    def listen(samples: Any, start: int, *rest: Any, **options: Any) -> Any:
        asked.append((start / RATE, len(samples) / RATE))
        assert options["timestamps"]
        return hear(samples, start, *rest, **options)

    monkeypatch.setattr(model.network, "generate", generate)
    monkeypatch.setattr(model, "_hear", listen)
    answer = model.predict((sound(0, 9.0), RATE), language="en")
    assert answer.text == "hello zoo all zoé hello hello zoo a z zoo."
    assert [start for start, _ in asked] == pytest.approx([0, 1.2, 2.4, 3.6, 5.6, 6.4, 7.9])
    assert max(length for _, length in asked) == 2
    assert [word.text for word in answer.words] == answer.text.split()
    assert answer.confidence == pytest.approx(0.75, abs=0.01)
    assert answer.words[0].confidence == pytest.approx(0.75, abs=0.01)


def test_long_sound_of_a_network_without_timestamps_is_joined_where_it_overlaps(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted token a second, and a wrong one at either end of a chunk."""
    model = load(folders["moonshine"])
    said = np.random.default_rng(0).integers(3, 13, 100).tolist()
    lengths = []

    def generate(input_values: torch.Tensor, **given: Any) -> Any:
        lengths.append(input_values.shape[1] / RATE)
        seconds = input_values[0, ::RATE].round().long().tolist()
        tokens = [13, *(said[second] for second in seconds[1:-1]), 13, 2]
        scores = torch.zeros((len(tokens), 1, 14))
        return {"sequences": torch.tensor([[1, *tokens]]), "scores": tuple(scores)}

    monkeypatch.setattr(model.network, "generate", generate)
    monkeypatch.setattr(
        model, "_features", lambda samples, **_: {"input_values": torch.from_numpy(samples)[None]}
    )
    # The loudness of each second is its number; so loud a sound would be refused as an input.
    heard = model._by_overlap(np.repeat(np.arange(100, dtype=np.float32), RATE), {})
    tokens = [token for one in heard for token in one.tokens]
    assert tokens == [13, *said[1:-1], 13]
    assert max(lengths) == 30
