"""The speech data sets: their readers on planted files, and the real ones where they are here."""

from __future__ import annotations

import gzip
import io
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow
import pytest
import soundfile
from pyarrow import parquet

from zoo import asterisk
from zoo.audio import Audio, read_audio
from zoo.data import DataSet, content_hash, open_data_set
from zoo.entries import DataSetInfo
from zoo.errors import DataError, DataNotFoundError, MissingDependencyError
from zoo.registry import data_set_info
from zoo.speech import asterisk as asterisk_speech
from zoo.speech import fsdd
from zoo.speech.data_sets import DATA_SETS
from zoo.speech.strings import LONGEST, SHORTEST, WORDS, SpokenString, connect, strings
from zoo.tasks import task

SPEAKERS = ("anna", "bert")
RATE = 8000


def noise(seed: int, count: int = 1600) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Samples [count] that get louder, and of which no two recordings share any."""
    random = np.random.default_rng(seed)
    rising = np.maximum(0.02, np.linspace(-0.1, 0.3, count))
    return np.asarray(random.normal(0, rising).clip(-1, 1), np.float32)


def wav(seed: int, count: int = 1600) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, noise(seed, count), RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


def names(indices: int = 7, digits: int = 10) -> list[str]:
    return [
        f"{digit}_{speaker}_{index}.wav"
        for index in range(indices)
        for digit in range(digits)
        for speaker in SPEAKERS
    ]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder like a clone of FSDD: ten digits, two speakers, seven of each."""
    (tmp_path / "recordings").mkdir()
    for seed, name in enumerate(names()):
        (tmp_path / "recordings" / name).write_bytes(wav(seed, 400))
    return tmp_path


# --- FSDD -----------------------------------------------------------------------------------------


def test_the_official_split_is_by_index(clone: Path) -> None:
    by_content = {wav(seed, 400): name for seed, name in enumerate(names())}
    found = {split: list(fsdd.digits(clone, split)) for split in ("train", "test")}
    indices = {
        split: Counter(by_content[content].split("_")[2] for content, *_ in rows)
        for split, rows in found.items()
    }
    assert indices["test"] == {f"{i}.wav": 20 for i in range(5)}
    assert indices["train"] == {f"{i}.wav": 20 for i in (5, 6)}
    for content, word, speaker in found["train"] + found["test"]:
        digit, named, _ = by_content[content].split("_")
        assert (word, speaker) == (WORDS[int(digit)], named)


def test_a_few_of_the_first_digits_are_of_all_speakers(clone: Path) -> None:
    first = list(fsdd.digits(clone, "test"))[:20]
    assert Counter((word, speaker) for _, word, speaker in first) == {
        (word, speaker): 1 for word in WORDS for speaker in SPEAKERS
    }


def test_a_split_of_one_speaker_holds_all_and_only_theirs(clone: Path) -> None:
    rows = list(fsdd.speakers(clone, "bert"))
    assert {speaker for *_, speaker in rows} == {"bert"}
    assert Counter(word for _, word, _ in rows) == dict.fromkeys(WORDS, 7)
    others = {content for content, *_ in fsdd.speakers(clone, "anna")}
    assert len(others) == 70
    assert others.isdisjoint(content for content, *_ in rows)


def test_a_clone_and_its_recordings_in_parquet_are_the_same(clone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parquet"
    folder.mkdir()
    stored = [{"bytes": wav(seed, 400), "path": name} for seed, name in enumerate(names())]
    # Which file a recording lies in says nothing of the split.
    for part, some in (("train", stored[::2]), ("test", stored[1::2])):
        parquet.write_table(
            pyarrow.table({"label": [0] * len(some), "audio": some}), folder / f"{part}.parquet"
        )
    assert fsdd.recordings(folder) == fsdd.recordings(clone)
    assert list(fsdd.digits(folder, "test")) == list(fsdd.digits(clone, "test"))


@pytest.mark.parametrize(
    "name", ["x_anna_0.wav", "12_anna_0.wav", "1_anna.wav", "1_Anna_0.wav", "1_anna_0.wav.wav"]
)
def test_a_name_that_does_not_fit_is_not_guessed(clone: Path, name: str) -> None:
    (clone / "recordings" / name).write_bytes(wav(0))
    with pytest.raises(
        DataError, match=r"is not of the form DIGIT_SPEAKER_INDEX\.wav\.$"
    ) as caught:
        fsdd.recordings(clone)
    assert repr(name) in str(caught.value)


def test_folders_without_recordings_and_broken_parquet(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="There are no recordings in"):
        fsdd.recordings(tmp_path)
    path = tmp_path / "train.parquet"
    parquet.write_table(pyarrow.table({"label": [1]}), path)
    with pytest.raises(DataError, match=r"train\.parquet' cannot be read"):
        fsdd.recordings(tmp_path)
    path.write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match=r"train\.parquet' cannot be read"):
        fsdd.recordings(tmp_path)


def test_strings_are_of_one_speakers_test_recordings_each_five_times(clone: Path) -> None:
    rows = list(fsdd.test_strings(clone, "test"))
    assert {speaker for *_, speaker in rows} == set(SPEAKERS)
    for speaker in SPEAKERS:
        said = Counter(word for _, text, who in rows if who == speaker for word in text.split())
        assert said == dict.fromkeys(WORDS, 5 * 5)
    again = list(fsdd.test_strings(clone, "test"))
    for (audio, text, _), (other, same, _) in zip(rows, again, strict=True):
        assert (audio.samples == other.samples).all()
        assert text == same


# --- strings --------------------------------------------------------------------------------------


def recordings(count: int) -> list[tuple[Audio, str]]:
    """Recordings of different lengths, whose words are their numbers."""
    return [(Audio(noise(i, 500 + 37 * i), RATE), str(i)) for i in range(count)]


@pytest.mark.parametrize("count", [3, 4, 7, 8, 9, 10, 23, 50])
def test_each_recording_is_in_a_string_once_a_round(count: int) -> None:
    for seed in range(5):
        made = list(strings(recordings(count), 3, seed=seed))
        assert Counter(word for one in made for word in one.words) == {
            str(i): 3 for i in range(count)
        }
        assert all(SHORTEST <= len(one.words) <= LONGEST for one in made)
        # Rounds follow each other: the first third of the words is all of them, once.
        said = [word for one in made for word in one.words]
        assert sorted(said[:count], key=int) == [str(i) for i in range(count)]


def test_strings_are_the_same_for_the_same_seed_only() -> None:
    def made(seed: int | tuple[int, ...]) -> list[SpokenString]:
        return list(strings(recordings(20), 2, seed=seed))

    first, again = made((1, 2)), made((1, 2))
    assert [one.words for one in first] == [one.words for one in again]
    assert all(
        (a.audio.samples == b.audio.samples).all() for a, b in zip(first, again, strict=True)
    )
    assert [one.words for one in first] != [one.words for one in made((1, 3))]


def test_times_are_where_the_samples_lie() -> None:
    spoken = recordings(6)
    string = connect(spoken, np.random.default_rng(0))
    assert string.text == "0 1 2 3 4 5"
    fade = round(0.005 * RATE)
    for (begin, end), (audio, _) in zip(string.times, spoken, strict=True):
        lies = string.audio.samples[round(begin * RATE) : round(end * RATE)]
        assert len(lies) == len(audio.samples)
        assert (lies[fade:-fade] == audio.samples[fade:-fade]).all()
        assert lies[0] == 0  # comes without a click
        assert abs(lies[fade // 2]) < abs(audio.samples[fade // 2])


def pauses(string: SpokenString) -> list[np.ndarray[tuple[int], np.dtype[np.float32]]]:
    """The samples before, between and after the words."""
    rate = string.audio.rate
    begins = [round(begin * rate) for begin, _ in string.times]
    ends = [round(end * rate) for _, end in string.times]
    return [
        string.audio.samples[end:begin]
        for end, begin in zip([0, *ends], [*begins, len(string.audio.samples)], strict=True)
    ]


def test_pauses_are_as_long_and_as_noisy_as_people_make_them() -> None:
    spoken = recordings(40)
    quietest = 0.02  # the noise that recordings begin with
    lengths = []
    for string in strings(spoken, 5, seed=0):
        for number, pause in enumerate(pauses(string)):
            assert (pause != 0).all()
            assert 0.5 * quietest < np.sqrt((pause**2).mean()) < 2 * quietest
            if number:
                lengths.append(len(pause) / RATE)
    assert 0.049 < min(lengths) < 0.1
    assert 0.5 < max(lengths) < 0.601
    assert 0.05 < np.mean([length > 0.3 for length in lengths]) < 0.25


@pytest.mark.parametrize("silent", [1600, 100], ids=["digital silence", "shorter than a stretch"])
def test_pauses_beside_digital_silence_are_noisy_all_the_same(silent: int) -> None:
    nothing = Audio(np.zeros(silent, np.float32), RATE)
    half = Audio(np.concatenate((np.zeros(800, np.float32), noise(0, 800))), RATE)
    string = connect([(half, "one"), (nothing, "two"), (half, "three")], np.random.default_rng(0))
    for pause in pauses(string):
        assert (pause != 0).all()


# --- Asterisk -------------------------------------------------------------------------------------

TEXTS = """\
; The core sounds
;digits/9: a comment

activated: Activated.
beep: [this is a simple beep tone]
digits/0: zero
digits/1: one
hello: Hello: who is there? \n
missing: There is no file of this.
silence/1: [1 second of silence]
no colon here
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What stands for the root of a file system with the packages installed."""
    texts = tmp_path / asterisk.TEXTS
    texts.parent.mkdir(parents=True)
    texts.write_bytes(gzip.compress(TEXTS.encode()))
    for number, name in enumerate(
        ("activated", "beep", "digits/0", "digits/1", "digits/9", "hello", "silence/1", "untold")
    ):
        path = tmp_path / asterisk.SOUNDS / f"{name}.g722"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(np.random.default_rng(number).integers(0, 256, 800, np.uint8)))
    return tmp_path


def test_prompts_are_what_has_both_a_text_and_a_file_and_is_speech(root: Path) -> None:
    found = list(asterisk.prompts(root))
    assert [(name, text) for name, text, _ in found] == [
        ("activated", "Activated."),
        ("digits/0", "zero"),
        ("digits/1", "one"),
        ("hello", "Hello: who is there?"),
    ]
    assert all(path == root / asterisk.SOUNDS / f"{name}.g722" for name, _, path in found)


def test_g722_is_two_samples_a_byte(root: Path) -> None:
    pytest.importorskip("av")
    rows = list(asterisk_speech.english(root, "test"))
    assert [text for _, text in rows] == ["Activated.", "zero", "one", "Hello: who is there?"]
    for audio, _ in rows:
        assert audio.rate == 16000
        assert len(audio.samples) == 1600
        assert audio.samples.std() > 0.01
    with pytest.raises(DataError, match=r"gone\.g722' cannot be read as G\.722"):
        asterisk.read_g722(root / "gone.g722")
    (root / "empty.g722").write_bytes(b"")
    with pytest.raises(DataError, match=r"empty\.g722' cannot be read as G\.722"):
        asterisk.read_g722(root / "empty.g722")


def test_without_pyav_the_command_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'software-zoo\[speech\]'"):
        next(iter(asterisk_speech.english(root, "test")))


# --- the real ones --------------------------------------------------------------------------------


@pytest.fixture
def opened() -> Callable[[str], DataSet]:
    """Opens a data set by name; the test is skipped where it is not here."""

    def open_one(name: str) -> DataSet:
        info = data_set_info(name)
        if name.startswith("asterisk"):
            pytest.importorskip("av")
        try:
            return open_data_set(info)
        except DataNotFoundError as error:
            pytest.skip(str(error))

    return open_one


COUNTS = {
    ("fsdd", "train"): 2700,
    ("fsdd", "test"): 300,
    ("fsdd-strings", "test"): 302,
    **{("fsdd-speakers", speaker): 500 for speaker in data_set_info("fsdd-speakers").splits},
    ("asterisk-digits", "test"): 94,
    ("asterisk-en", "test"): 554,
    ("espeak-digits", "train"): 1680,
    ("espeak-accents", "train"): 1680,
    ("flite-digits", "train"): 150,
}


@pytest.mark.parametrize("info", DATA_SETS, ids=lambda info: info.name)
def test_the_data_set_is_what_it_says(info: DataSetInfo, opened: Callable[[str], DataSet]) -> None:
    found = opened(info.name)
    hashes = {}
    for split in info.splits:
        examples = list(found.examples(split))
        assert len(examples) == COUNTS[info.name, split]
        hashes[split] = content_hash(info, examples)
    assert found.title(hashes) == info.title


def test_no_test_recording_of_fsdd_is_among_the_training_ones(
    opened: Callable[[str], DataSet],
) -> None:
    found = opened("fsdd")
    digest = task(found.info.task).fingerprint
    train, test = (
        {digest(example.input) for example in found.examples(split)} for split in ("train", "test")
    )
    assert train.isdisjoint(test)
    assert len(test) == 300


def test_all_of_fsdd_is_spoken_by_its_six_speakers_equally(
    opened: Callable[[str], DataSet],
) -> None:
    found = opened("fsdd")
    for split, count in (("train", 45), ("test", 5)):
        examples = list(found.examples(split))
        speakers = data_set_info("fsdd-speakers").splits
        assert Counter((one.group, one.target) for one in examples) == {
            (speaker, word): count for speaker in speakers for word in WORDS
        }
        assert {read_audio(one.input).rate for one in examples[:60]} == {RATE}


def test_strings_of_fsdd_are_long_enough_and_never_silent(
    opened: Callable[[str], DataSet],
) -> None:
    examples = list(opened("fsdd-strings").examples("test"))
    words = Counter(word for one in examples for word in one.target.split())
    assert words == dict.fromkeys(WORDS, 150)
    assert {len(one.target.split()) for one in examples} == set(range(SHORTEST, LONGEST + 1))
    for one in examples:
        # Of the pause that a string begins with.
        assert (one.input.samples[: round(0.1 * RATE)] != 0).all()
