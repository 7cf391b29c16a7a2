from __future__ import annotations

import contextlib
import json
import logging
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.numpy import load_file, save_file

from tests import tiny_checkpoints
from tests.translate.checkpoints import ARCHITECTURES, LINES
from zoo.errors import InputError, WeightsError, ZooError
from zoo.predictions import Translation
from zoo.text import Passage
from zoo.translate.transformers import BEAMS, TransformersTranslator

TEXTS = (*LINES[:3], "Hello", "Hello world! " * 8, "</s> and __de__", "犬が浜辺を走る。👩‍🍳")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("translators")
    return {name: tiny_checkpoints.write(root / name, name) for name in ARCHITECTURES}


@pytest.fixture
def spoilt(folders: dict[str, Path], tmp_path: Path) -> Any:
    """Copies of checkpoints that a test may spoil."""
    return lambda name: Path(shutil.copytree(folders[name], tmp_path / name))


def load(folder: Path) -> TransformersTranslator:
    return TransformersTranslator.load(folder, device="cpu")


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def some_direction(model: TransformersTranslator) -> tuple[str, str]:
    return next(pair for pair in (("en", "de"), ("en", "fr")) if pair in model.directions)


@pytest.mark.parametrize("beams", [1, BEAMS])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_alone_is_as_in_a_batch_and_after_saving(
    folders: dict[str, Path], architecture: str, beams: int, tmp_path: Path
) -> None:
    model = load(folders[architecture])
    directions = sorted(model.directions)
    passages = [Passage(text, *random.Random(i).choice(directions)) for i, text in enumerate(TEXTS)]
    alone = [model.predict(x, beams=beams) for x in passages]
    assert len({one.text for one in alone}) > len(alone) / 2
    same(model.predict_batch(passages[::-1], beams=beams)[::-1], alone)
    model.batch_size = 3
    same(model.predict_batch(passages, batch_size=len(passages), beams=beams), alone)
    model.save(tmp_path / "copy")
    model.save(tmp_path / "copy")  # over itself
    again = load(tmp_path / "copy")
    assert again.directions == model.directions
    same(again.predict_batch(passages, beams=beams), alone)


def same(some: list[Any], others: list[Translation]) -> None:
    assert [one.text for one in some] == [one.text for one in others]
    assert [one.score for one in some] == pytest.approx([one.score for one in others], abs=1e-4)


@pytest.mark.parametrize("beams", [1, BEAMS])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_answers_what_transformers_itself_answers(
    folders: dict[str, Path], architecture: str, beams: int
) -> None:
    model = load(folders[architecture])
    source, target = some_direction(model)
    network = transformers.AutoModelForSeq2SeqLM.from_pretrained(folders[architecture]).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folders[architecture])
    before, forced = "", None
    if architecture == "marian-to-many":
        before = ">>deu<< "
    elif architecture != "marian":
        codes = {"m2m100": ("en", "de"), "nllb": ("eng_Latn", "deu_Latn")}
        tokenizer.src_lang, wanted = codes.get(architecture, ("en_XX", "de_DE"))
        forced = tokenizer.convert_tokens_to_ids(
            f"__{wanted}__" if architecture == "m2m100" else wanted
        )
    for text in LINES[:3]:
        ids = tokenizer(before + text, return_tensors="pt")
        limit = 32
        while limit < 2 * ids.input_ids.shape[1] + 16:
            limit *= 2
        answer = network.generate(
            **ids,
            forced_bos_token_id=forced,
            max_new_tokens=min(limit, 127),
            num_beams=beams,
            do_sample=False,
            suppress_tokens=[tokenizer.pad_token_id],
            return_dict_in_generate=True,
            output_scores=True,
        )
        found = model._translate([Passage(text, source, target)], beams=beams)[0]
        tokens = answer.sequences[0][1 if forced is None else 2 :]
        assert found.text == tokenizer.decode(tokens, skip_special_tokens=True).strip()
        if beams > 1:
            assert found.score == pytest.approx(float(answer.sequences_scores[0]), abs=1e-4)
        assert found.score < 0


def asked(
    model: TransformersTranslator, monkeypatch: pytest.MonkeyPatch, *passages: Passage
) -> list[dict[str, Any]]:
    """What `generate` is called with."""
    calls: list[dict[str, Any]] = []
    generate = model.network.generate

    def listen(**given: Any) -> Any:
        calls.append(given)
        return generate(**given)

    monkeypatch.setattr(model.network, "generate", listen)
    model.predict_batch(list(passages))
    return calls


@pytest.mark.parametrize(
    ("architecture", "source", "target", "first", "forced"),
    [
        ("marian", "en", "de", None, None),
        ("marian-to-many", "en", "de", ">>deu<<", None),
        ("marian-to-many", "en", "fr-CA", ">>fr_CA<<", None),
        ("m2m100", "en", "de", "__en__", "__de__"),
        ("m2m100", "nso", "tl", "__ns__", "__tl__"),
        ("nllb", "de-AT", "zh-TW", "deu_Latn", "zho_Hant"),
        ("nllb", "ak", "zh", "aka_Latn", "zho_Hans"),
        ("nllb", "fr", "tw-Latn", "fra_Latn", "twi_Latn"),
        ("mbart50", "zh", "pt-BR", "zh_CN", "pt_XX"),
    ],
)
def test_languages_stand_where_the_network_looks_for_them(
    folders: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    architecture: str,
    source: str,
    target: str,
    first: str | None,
    forced: str | None,
) -> None:
    model = load(folders[architecture])
    to_token = model.tokenizer.convert_ids_to_tokens
    (call,) = asked(model, monkeypatch, Passage("A dog", source, target))
    tokens = to_token(call["input_ids"][0].tolist())
    assert tokens[-1] == "</s>"
    assert first in (None, tokens[0])
    forced_id = call["forced_bos_token_id"]
    assert forced == (None if forced_id is None else to_token(forced_id))


def test_older_nllb_has_the_language_at_the_end(
    spoilt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = spoilt("nllb")
    edit(folder / "tokenizer_config.json", legacy_behaviour=True)
    model = load(folder)
    (call,) = asked(model, monkeypatch, Passage("A dog", "en", "de"))
    ids = call["input_ids"][0].tolist()
    assert model.tokenizer.convert_ids_to_tokens(ids[-2:]) == ["</s>", "eng_Latn"]
    assert "deu_Latn" not in model.tokenizer.convert_ids_to_tokens(ids)


def test_a_checkpoint_for_one_target_says_so(spoilt: Any) -> None:
    folder = spoilt("mbart50")
    target = load(folder).tokenizer.lang_code_to_id["en_XX"]
    edit(folder / "generation_config.json", forced_bos_token_id=target)
    model = load(folder)
    assert {target for _, target in model.directions} == {"en"}
    assert len(model.directions) == 51
    assert model.predict("Ein Hund", source="de").target == "en"


def test_what_a_marian_network_translates(folders: dict[str, Path], spoilt: Any) -> None:
    assert load(folders["marian"]).directions == {("en", "de")}
    many = {("en", "cs"), ("en", "de"), ("en", "fr"), ("en", "fr-CA")}
    assert load(folders["marian-to-many"]).directions == many
    folder = spoilt("marian")
    for source, target, expected in (
        ("deu", "eng", ("de", "en")),
        ("ROMANCE", "en", ("mul", "en")),
        ("gmw", "ces_slk", ("gmw", "mul")),
    ):
        edit(folder / "tokenizer_config.json", source_lang=source, target_lang=target)
        assert load(folder).directions == {expected}


def test_a_marian_tokenizer_without_languages_goes_by_its_name(spoilt: Any, tmp_path: Path) -> None:
    folder = spoilt("marian")
    edit(folder / "tokenizer_config.json", source_lang=None, target_lang=None)
    with pytest.raises(WeightsError, match="does not say which languages it translates"):
        load(folder)
    named = tmp_path / "models--Helsinki-NLP--opus-mt-tc-big-de-cs" / "snapshots" / "1234"
    shutil.copytree(folder, named)
    assert load(named).directions == {("de", "cs")}
    edit(folder / "config.json", _name_or_path="Helsinki-NLP/opus-mt-fr-en")
    model = load(folder)
    assert model.directions == {("fr", "en")}
    model.save(tmp_path / "copy")
    assert load(tmp_path / "copy").directions == {("fr", "en")}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_special_tokens_in_a_text_are_text(
    folders: dict[str, Path], architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(folders[architecture])
    text = ">>deu<< </s> <pad> __de__ deu_Latn de_DE <s>"
    (call,) = asked(model, monkeypatch, Passage(text, *some_direction(model)))
    body = call["input_ids"][0].tolist()
    frame = 1 if architecture == "marian" else 2
    special = model._special - {model.tokenizer.unk_token_id}
    assert sum(token in special for token in body) == frame


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_padding_is_on_the_right_and_is_not_looked_at(
    folders: dict[str, Path], architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(folders[architecture])
    pair = some_direction(model)
    (call,) = asked(model, monkeypatch, Passage("A dog", *pair), Passage("A", *pair))
    ids, mask = call["input_ids"], call["attention_mask"]
    assert mask.sum(-1).tolist() == sorted(mask.sum(-1).tolist())
    padding = ids == model.tokenizer.pad_token_id
    assert padding.any()
    assert torch.equal(padding, mask == 0)
    assert not padding[:, 0].any()


def test_the_limit_goes_with_each_text_not_with_its_company(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(folders["marian"])
    pair = some_direction(model)
    texts = ("dog", "A dog runs on the beach. " * 2)
    calls = asked(model, monkeypatch, *(Passage(text.strip(), *pair) for text in texts))
    limits = sorted({call["max_new_tokens"] for call in calls})
    assert limits[0] == 32
    assert len(limits) > 1
    assert limits[-1] < 128  # the positions that there are


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_too_long_for_the_network_is_cut(
    folders: dict[str, Path], architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(folders[architecture])
    text = "犬" * 150 + "dog" * 40 + "。" + "A dog runs on the beach, " * 8
    calls = asked(model, monkeypatch, Passage(text, *some_direction(model)))
    assert max(call["input_ids"].shape[1] for call in calls) <= model._longest_input
    assert sum(len(call["input_ids"]) for call in calls) > 5


@pytest.mark.parametrize("beams", [0, -1, 65, 1.5, True, "5", None])
def test_beams_are_a_whole_number(folders: dict[str, Path], beams: Any) -> None:
    model = load(folders["marian"])
    for ask in (model.predict, lambda x, **given: model.predict_batch([x], **given)):
        with pytest.raises(InputError, match="beams is a whole number from 1 to 64"):
            ask("A dog", beams=beams)


@pytest.mark.parametrize(
    ("architecture", "source", "target", "words"),
    [
        ("marian", "fr", "de", "no source language 'fr'; it has en"),
        ("marian", "en", "fr", "no target language 'fr'; it has de"),
        ("marian", "en", "german", "'german', which is no BCP 47 code"),
        ("marian-to-many", "en", None, "lacks target"),
        ("m2m100", "de", "de-AT", "needs no translation"),
        ("m2m100", "en", "tlh", "no target language 'tlh'; it has 100 others"),
        ("nllb", None, "de", "lacks source"),
        ("nllb", "en", 7, "int came as target"),
    ],
)
def test_languages_that_a_model_has_not_are_refused(
    folders: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    architecture: str,
    source: Any,
    target: Any,
    words: str,
) -> None:
    model = load(folders[architecture])
    monkeypatch.setattr(model, "network", None)
    with pytest.raises(InputError, match=words) as caught:
        model.predict("A dog", source=source, target=target)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_does_not_learn() -> None:
    with pytest.raises(ZooError, match="does not learn from examples"):
        TransformersTranslator.fit([])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_everything_is_silent(
    folders: dict[str, Path],
    architecture: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    recwarn: pytest.WarningsRecorder,
    capfd: pytest.CaptureFixture[str],
) -> None:
    said: list[logging.LogRecord] = []
    ear = logging.Handler()
    monkeypatch.setattr(ear, "emit", said.append)
    monkeypatch.setattr(logging.getLogger("transformers"), "handlers", [ear])
    model = load(folders[architecture])
    model.predict_batch(["A dog.", "Hello world!"], source="en", target="de")
    model.save(tmp_path / "copy")
    assert said == []
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


# --- broken and foreign folders -------------------------------------------------------------------


def refused(folder: Path, words: str) -> None:
    with pytest.raises(WeightsError, match=words) as caught:
        load(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_missing_files(spoilt: Any, architecture: str) -> None:
    folder = spoilt(architecture)
    for name in ("tokenizer.json", "source.spm", "sentencepiece.bpe.model"):
        (folder / name).unlink(missing_ok=True)
    refused(folder, r"has no tokenizer\.json, nor source\.spm.*nobody knows which tokens")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    refused(folder, "no safetensors weights")
    (folder / "config.json").unlink()
    refused(folder, r"no config\.json")
    refused(folder / "nowhere", "no weights folder at")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_broken_files(folders: dict[str, Path], architecture: str, tmp_path: Path) -> None:
    for position, path in enumerate(sorted(folders[architecture].iterdir())):
        if path.name in ("generation_config.json", "tokenizer_config.json"):
            continue
        folder = Path(shutil.copytree(folders[architecture], tmp_path / str(position)))
        (folder / path.name).write_bytes(b"\x00broken")
        refused(folder, "cannot be (read|loaded)")


def test_a_checkpoint_that_lacks_arrays(spoilt: Any) -> None:
    folder = spoilt("m2m100")
    arrays = load_file(folder / "model.safetensors")
    arrays.pop(next(name for name in arrays if name.endswith("fc1.weight")))
    save_file(arrays, folder / "model.safetensors", metadata={"format": "pt"})
    refused(folder, "lacks 1 of the arrays that M2M100ForConditionalGeneration needs")


def test_foreign_checkpoints(spoilt: Any) -> None:
    folder = spoilt("marian")
    edit(folder / "config.json", architectures=["MarianModel"])
    refused(folder, "holds no translator: its architectures are .*MarianModel")
    edit(folder / "config.json", architectures=["T5ForConditionalGeneration"], model_type="t5")
    refused(folder, "holds no translator")
    edit(folder / "config.json", architectures=["MarianMTModel"], model_type="marian")
    edit(folder / "config.json", quantization_config={"quant_method": "gptq"})
    refused(folder, "quantised")


def test_a_tokenizer_of_another_kind(spoilt: Any) -> None:
    folder = spoilt("mbart50")
    edit(folder / "tokenizer_config.json", tokenizer_class="MBartTokenizer")
    refused(folder, "MBartTokenizer is the tokenizer of no known translator")


def test_code_in_a_folder_is_not_run(spoilt: Any, tmp_path: Path) -> None:
    folder = spoilt("m2m100")
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\nclass Evil: ...")
    maps = {"AutoConfig": "evil.Evil", "AutoModelForSeq2SeqLM": "evil.Evil"}
    edit(folder / "config.json", auto_map=maps)
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.Evil", None]})
    with contextlib.suppress(WeightsError):
        load(folder).predict("A dog", source="en", target="de")
    assert not (tmp_path / "run").exists()
