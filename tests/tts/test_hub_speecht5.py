"""SpeechT5 from the Hub: two checkpoints that speak together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray

import zoo
from tests import tiny_checkpoints  # noqa: F401 - makes transformers importable as a whole
from tests.tts import checkpoints
from tests.tts.checkpoints import XVECTOR, edit, edit_arrays, load, refused, same
from zoo import hub
from zoo.errors import HubError, InputError, WeightsError

VOICE = np.linspace(-1, 1, XVECTOR).astype(np.float32)


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The two repositories as they are on the Hub."""
    root = tmp_path_factory.mktemp("apart")
    with torch.random.fork_rng():
        torch.manual_seed(1)
        tokenizer = checkpoints.characters(root)
        # Settings of generation stand in the real one's config.
        checkpoints.speecht5(len(tokenizer)).save_pretrained(root / "network")
        tokenizer.save_pretrained(root / "network")
        (root / "network" / "generation_config.json").unlink()
        edit(root / "network" / "config.json", max_length=1876)
        checkpoints.vocoder().save_pretrained(root / "vocoder")
        edit(root / "vocoder" / "config.json", model_type="hifigan")
    return root / "network", root / "vocoder"


def expected(apart: tuple[Path, Path], text: str, voice: NDArray[np.float32], seed: int) -> Any:
    network = transformers.SpeechT5ForTextToSpeech.from_pretrained(apart[0]).eval()
    vocoder = transformers.SpeechT5HifiGan.from_pretrained(apart[1]).eval()
    tokenizer = transformers.SpeechT5Tokenizer.from_pretrained(apart[0])
    ids = tokenizer(text, return_tensors="pt").input_ids
    torch.manual_seed(seed)
    return network.generate_speech(ids, torch.tensor(voice)[None], vocoder=vocoder).numpy()


def test_it_is_what_transformers_makes_of_both(apart: tuple[Path, Path]) -> None:
    model: Any = zoo.load(apart[0], device="cpu", vocoder=apart[1])
    silent = np.zeros(XVECTOR, np.float32)
    for voice, options in ((silent, {}), (VOICE, {"speaker": VOICE})):
        found = model.predict("Hello there", seed=3, **options)
        assert np.array_equal(found.samples, expected(apart, "hello there", voice, 3))


def test_it_is_saved_as_one_folder(apart: tuple[Path, Path], tmp_path: Path) -> None:
    model: Any = zoo.load(apart[0], device="cpu", vocoder=str(apart[1]))
    model.save(tmp_path / "whole")
    again = load(tmp_path / "whole")
    assert same(
        again.predict("Hello. There!", speaker=VOICE), model.predict("Hello. There!", speaker=VOICE)
    )
    assert all(hub.is_model_file(path.name) for path in (tmp_path / "whole").iterdir())
    # Another vocoder can be named still.
    with torch.random.fork_rng():
        torch.manual_seed(8)
        checkpoints.vocoder().save_pretrained(tmp_path / "other")
    other: Any = zoo.load(tmp_path / "whole", device="cpu", vocoder=tmp_path / "other")
    assert not same(other.predict("Hello."), model.predict("Hello."))


def test_without_a_vocoder_it_is_fetched(
    apart: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def download(reference: str) -> Path:
        asked.append(reference)
        if reference == "hub:me/none":
            raise HubError("The Hub has no repository 'me/none'.")
        return apart[1]

    monkeypatch.setattr(hub, "download_model", download)
    load(apart[0])
    zoo.load(apart[0], device="cpu", vocoder="hub:me/voice@v1")
    with pytest.raises(HubError, match="no repository 'me/none'"):
        zoo.load(apart[0], device="cpu", vocoder="hub:me/none")
    revision = "6f01b211b404df2e0a0a20ca79628a757bb35854"
    assert asked == [
        f"hub:microsoft/speecht5_hifigan@{revision}",
        "hub:me/voice@v1",
        "hub:me/none",
    ]


def test_vocoders_that_do_not_fit(apart: tuple[Path, Path], tmp_path: Path) -> None:
    def vocoder(folder: Path, words: str) -> None:
        with pytest.raises(WeightsError, match=words):
            zoo.load(apart[0], device="cpu", vocoder=folder)

    checkpoints.vocoder(bands=5).save_pretrained(tmp_path / "narrow")
    vocoder(tmp_path / "narrow", "spectrograms of 8 bands for a vocoder that takes 5")
    vocoder(apart[0], "holds no vocoder of SpeechT5")
    vocoder(tmp_path / "none", "no weights folder")
    checkpoints.vocoder().save_pretrained(tmp_path / "broken")
    edit_arrays(tmp_path / "broken", lambda arrays: arrays["scale"].fill(np.inf))
    vocoder(tmp_path / "broken", "not finite, in scale")


def test_a_saved_vocoder_that_is_incomplete(spoilt: Any) -> None:
    folder = spoilt("speecht5")
    edit_arrays(folder, lambda arrays: arrays.pop("vocoder.conv_pre.weight"))
    refused(folder, "cannot be loaded: RuntimeError")


def test_the_speaker_is_heard(folders: dict[str, Path], tmp_path: Path) -> None:
    model = load(folders["speecht5"])
    heard = model.predict("Hello.", speaker=VOICE)
    assert not same(heard, model.predict("Hello."))
    assert same(model.predict("Hello.", speaker=[0] * XVECTOR), model.predict("Hello."))
    np.save(tmp_path / "voice.npy", VOICE[None].astype(np.float64))
    for one in (VOICE.tolist(), VOICE[None], tmp_path / "voice.npy", str(tmp_path / "voice.npy")):
        assert same(model.predict("Hello.", speaker=one), heard)
    louder = model.predict("Hello.", speaker=5 * VOICE)  # its direction alone counts
    assert np.allclose(louder.samples, heard.samples, atol=1e-4)


def test_what_is_no_speaker(folders: dict[str, Path], tmp_path: Path) -> None:
    model = load(folders["speecht5"])
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    (tmp_path / "text.npy").write_text("no array")
    np.savez(tmp_path / "several.npz", VOICE)
    (tmp_path / "empty.npy").touch()
    unread = ["nowhere.npy", "objects.npy", "text.npy", "empty.npy", "several.npz"]
    for bad in (*(str(tmp_path / name) for name in unread), {}, "Anna", [[1], [2, 3]]):
        with pytest.raises(InputError, match="cannot be read as such") as caught:
            model.predict("Hello.", speaker=bad)
        assert "\n" not in str(caught.value)
    for bad in (VOICE[:5], 3, np.full(XVECTOR, np.nan), VOICE.reshape(2, 3)):
        with pytest.raises(InputError, match="x-vector of 6 finite numbers"):
            model.predict("Hello.", speaker=bad)


def test_it_stops_where_the_network_says(folders: dict[str, Path]) -> None:
    model = load(folders["speecht5"])
    long = model.predict("Hello hello hello.")
    steps = len(model._ids("hello hello hello."))
    assert len(long.samples) == steps * 20 * 16  # a step a token, of 20 frames of 16 samples
    with torch.no_grad():
        model.network.speech_decoder_postnet.prob_out.bias.fill_(10)
    assert len(model.predict("Hello hello hello.").samples) == 20 * 16


def test_it_stays_within_the_positions_of_the_network(folders: dict[str, Path]) -> None:
    model = load(folders["speecht5"])
    sentences = model._sentences("word " * 100)
    assert max(len(model._ids(one.text)) for one in sentences) <= 180
    assert " ".join(one.text for one in sentences) == ("word " * 100).strip()
    model.network.config.reduction_factor = 2  # asks for ten steps a token
    model.network.speech_decoder_postnet.feat_out = torch.nn.Linear(16, 2 * checkpoints.BANDS)
    assert len(model.predict("word " * 30).samples) / (2 * 16) in (239, 240)


def test_letters_that_the_tokenizer_lacks(folders: dict[str, Path]) -> None:
    model = load(folders["speecht5"])
    assert same(model.predict("the letter Q"), model.predict("the letter q"))
    assert model._ids("A") != model._ids("a")
    assert model._ids("") == model._ids("—") == []
