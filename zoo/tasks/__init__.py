"""What is asked of a model: the input, the prediction, and how answers are scored."""

from __future__ import annotations

from zoo.errors import UnknownNameError
from zoo.tasks.base import Task
from zoo.tasks.board_game import BOARD_GAME
from zoo.tasks.image_classification import IMAGE_CLASSIFICATION
from zoo.tasks.speech_recognition import SPEECH_RECOGNITION
from zoo.tasks.text_to_speech import TEXT_TO_SPEECH
from zoo.tasks.translation import TRANSLATION

__all__ = ["TASKS", "Task", "task"]

TASKS = {
    one.name: one
    for one in (
        IMAGE_CLASSIFICATION,
        BOARD_GAME,
        SPEECH_RECOGNITION,
        TEXT_TO_SPEECH,
        TRANSLATION,
    )
}


def task(name: str) -> Task:
    """The task of that name. Raises UnknownNameError."""
    try:
        return TASKS[name]
    except KeyError:
        raise UnknownNameError.of("task", name, TASKS) from None
