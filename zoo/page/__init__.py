"""All results as one HTML file that needs nothing else: no network, no script, no other file."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from zoo.exhibits import Grid, Picture, Sound, Text
from zoo.files import write_atomically
from zoo.page.sections import Section, jobs, row, tally
from zoo.page.sounds import COLUMNS, spectrogram, waveform
from zoo.report import compared, conditions, data_text, ordered
from zoo.results import Pair, Result
from zoo.tasks import task

LONGEST_SOUND = 12.0  # seconds that are kept of one
MOST_SOUND = 3 * 2**20  # bytes of all of them, so that the page stays small
_TINY = 64  # pixels of a picture that is shown larger than it is


def write_page(path: Path, results: Sequence[Result], found: Sequence[Pair] | None = None) -> None:
    """Write the page of the results. Raises ResultsError if there are none, or it cannot."""
    write_atomically(path, page(results, found))


def page(results: Sequence[Result], found: Sequence[Pair] | None = None) -> str:
    """The page of the results; the same results and data give the same page.

    found: what `compared` says of them, if that has been asked already.

    Raises ResultsError if there are no results.
    """
    found = compared(results) if found is None else found
    told = ordered(results)
    by_task = jobs(told, found)
    sections = [section for job in by_task for section in job.sections]
    environment = Environment(
        loader=PackageLoader("zoo.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    kinds = {"text": Text, "picture": Picture, "sound": Sound, "grid": Grid}
    for name, kind in kinds.items():
        environment.tests[name] = lambda exhibit, kind=kind: isinstance(exhibit, kind)
    environment.filters["drawn"] = Markup  # what `zoo.page.plots` drew, escaped by its own library
    return environment.get_template("page.html.jinja").render(
        style=Markup(_style()),
        jobs=by_task,
        sections=sections,
        verdict=tally(sections),
        alone=_alone(told, found),
        results=[(data_text(one), row(one), task(one.task).primary) for one in told],
        conditions=conditions(told),
        measured=_measured(told),
        sounds=_sounds(sections),
        longest_sound=LONGEST_SOUND,
        columns=COLUMNS,
        kept=_kept,
        waveform=waveform,
        spectrogram=spectrogram,
        picture_address=_picture_address,
        tiny=_TINY,
    )


def _style() -> str:
    return resources.files("zoo.page").joinpath("templates/page.css").read_text(encoding="utf-8")


def _measured(results: Sequence[Result]) -> tuple[str, str]:
    """The first and the last day on which the results were measured."""
    days = sorted(result.finished[:10] for result in results)
    return days[0], days[-1]


def _alone(results: Sequence[Result], pairs: Sequence[Pair]) -> list[Result]:
    """The 2.0 models that nothing is compared with, for want of their baseline's result."""
    paired = {id(pair.learned) for pair in pairs}
    return [one for one in results if one.baseline is not None and id(one) not in paired]


def _picture_address(picture: Picture) -> str:
    return _address(picture.media_type, picture.content)


def _address(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _sounds(sections: Sequence[Section]) -> dict[Sound, str]:
    """The address of each sound on the page, until together they are too large."""
    left = MOST_SOUND
    addresses: dict[Sound, str] = {}
    for section in sections:
        for example in section.examples:
            for exhibit in (example.input, example.target, example.learned, example.written):
                if isinstance(exhibit, Sound):
                    address = _address("audio/flac", _flac(exhibit))
                    if len(address) <= left:
                        left -= len(address)
                        addresses[exhibit] = address
    return addresses


def _flac(sound: Sound) -> bytes:
    """Without loss at 16 bits, which browsers play."""
    import soundfile

    content = io.BytesIO()
    samples = _kept(sound).samples.clip(-1, 1)
    soundfile.write(content, samples, sound.rate, format="FLAC", subtype="PCM_16")
    return content.getvalue()


def _kept(sound: Sound) -> Sound:
    """As much of it as the page plays."""
    return replace(sound, samples=sound.samples[: round(LONGEST_SOUND * sound.rate)])
