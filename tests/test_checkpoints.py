from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers.utils import logging

from zoo.checkpoints import check_folder, loading, quiet
from zoo.entries import Adapter
from zoo.errors import InputError, MissingDependencyError, WeightsError

WRITERS = Adapter("ForWriting", "nowhere:Writer", ("pen", "quill"))


def test_whatever_goes_wrong_in_loading_is_one_sentence() -> None:
    with pytest.raises(MissingDependencyError) as missing, loading(Path("here")):
        raise ImportError("\n\nIt needs ink.\nIn two lines.")
    assert str(missing.value) == "'here' needs a package that is not installed: It needs ink."
    with pytest.raises(WeightsError) as broken, loading(Path("here")):
        raise KeyError("paper")
    assert str(broken.value) == "'here' cannot be loaded: KeyError: 'paper'."
    with pytest.raises(WeightsError) as silent, loading(Path("here")):
        raise ValueError
    assert str(silent.value) == "'here' cannot be loaded: ValueError: no reason given."


def test_errors_raised_on_purpose_stay_as_they_are() -> None:
    error = InputError("No such pen.")
    with pytest.raises(InputError) as caught, loading(Path("here")):
        raise error
    assert caught.value is error


def test_silence_ends() -> None:
    logging.set_verbosity_info()
    try:
        with quiet():
            assert logging.get_verbosity() == logging.ERROR
            assert not logging.is_progress_bar_enabled()
        with pytest.raises(KeyError), quiet():
            raise KeyError
        assert logging.get_verbosity() == logging.INFO
        assert logging.is_progress_bar_enabled()
    finally:
        logging.set_verbosity_warning()


@pytest.mark.parametrize(
    ("config", "taken"),
    [
        ({"architectures": ["PenForWriting"], "model_type": "pen"}, True),
        ({"architectures": ["PenForDrawing", "PenForWriting"], "model_type": "quill"}, True),
        ({"architectures": ["PenForWriting"], "model_type": "brush"}, False),
        ({"architectures": ["PenForDrawing"], "model_type": "pen"}, False),
        ({"architectures": "PenForWriting", "model_type": "pen"}, False),
        ({"model_type": "pen"}, False),
        ({"architectures": ["PenForWriting"]}, False),
    ],
)
def test_a_folder_is_taken_by_suffix_and_type(
    tmp_path: Path, config: dict[str, object], taken: bool
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    expected = "nobody knows how its letters" if taken else "holds no writer"
    with pytest.raises(WeightsError, match=expected):
        check_folder(tmp_path, WRITERS, kind="writer", inputs="letters")
