"""What the benchmark measures: models, their baselines, data, options."""

from __future__ import annotations

from typing import Any

import pytest

from zoo import bench
from zoo.bench import Job, Settings, plan
from zoo.errors import BenchmarkError, UnknownNameError


def _names(jobs: list[Job]) -> list[tuple[str, str]]:
    return [(job.model.name, job.data) for job in jobs]


def test_a_model_brings_its_baseline_which_goes_first(installed: None) -> None:
    assert _names(plan("toys/brightness-net-mnist")) == [
        ("toys/brightness-mnist", "mnist-5k"),
        ("toys/brightness-net-mnist", "mnist-5k"),
    ]
    assert _names(plan("toys/brightness-mnist")) == [("toys/brightness-mnist", "mnist-5k")]


def test_a_baseline_is_run_only_where_its_successor_is(installed: None) -> None:
    assert ("sleepers/a-quick", "nowhere-digits") in _names(plan("sleepers", suite="full"))
    assert _names(plan("sleepers/b-slow", suite="full")) == [
        ("sleepers/a-quick", "tiny-digits"),
        ("sleepers/b-slow", "tiny-digits"),
    ]


def test_a_domain_and_everything(installed: None) -> None:
    everything = _names(plan())
    assert {name.partition("/")[0] for name, _ in _names(plan("toys"))} == {"toys"}
    assert set(_names(plan("toys"))) | set(_names(plan("rogues"))) < set(everything)
    titles = [job.title for job in plan()]
    assert len(titles) == len(set(titles))
    domains = [name.partition("/")[0] for name, _ in everything]
    assert domains == sorted(domains)


def test_the_offline_suite_is_what_the_installation_brings(installed: None) -> None:
    offline = {name for _, name in _names(plan())}
    heard = {"asterisk-digits", "asterisk-en", "asterisk-prompts"}
    read = {"django-messages-en-de", "django-messages-en-fr"}
    assert offline == {"connect4-positions", "mnist-5k", "tiny-digits"} | heard | read
    full = {name for _, name in _names(plan(suite="full"))}
    assert full >= offline | {"nowhere-digits", "mnist", "cifar10", "fsdd", "fsdd-strings"}


def test_weights_are_downloaded_only_for_models_that_are_asked_for(installed: None) -> None:
    def whispers(jobs: list[Job]) -> set[str]:
        return {job.model.name for job in jobs if job.model.name.startswith("speech/whisper-t")}

    for suite in ("offline", "full"):
        assert not whispers(plan(suite=suite))
        assert not whispers(plan("speech", suite=suite))
    assert not whispers(plan(data="asterisk-en"))
    assert whispers(plan("speech/whisper-tiny-en")) == {"speech/whisper-tiny-en"}
    assert whispers(plan("speech", with_hub=True)) == {"speech/whisper-tiny-en"}


def test_one_data_set_in_place_of_the_suites(installed: None) -> None:
    assert _names(plan("sleepers", data="nowhere-digits")) == [
        ("sleepers/a-quick", "nowhere-digits")
    ]
    assert {name for _, name in _names(plan(data="mnist-5k"))} == {"mnist-5k"}


def _titles(jobs: list[Job]) -> list[str]:
    return [job.title for job in jobs]


def test_a_model_is_measured_with_its_defaults_and_then_its_variants(installed: None) -> None:
    assert _titles(plan("choosy/learned")) == [
        "choosy/written on tiny-digits",
        "choosy/learned on tiny-digits",
        "choosy/learned (sharpness=50) on tiny-digits",
        "choosy/learned (sharpness=0.0) on tiny-digits",
    ]


def test_options_that_are_asked_for_take_the_place_of_both(installed: None) -> None:
    assert _titles(plan("choosy/learned", options={"sharpness": 7})) == [
        "choosy/written on tiny-digits",
        "choosy/learned (sharpness=7) on tiny-digits",
    ]
    assert _titles(plan("choosy", options={"sharpness": 7})) == [
        "choosy/written (sharpness=7) on tiny-digits",
        "choosy/learned (sharpness=7) on tiny-digits",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"selection": "toy"}, r"no model or domain named 'toy'; did you mean toys\?"),
        (
            {"selection": "toys/brightness-nett-mnist"},
            r"did you mean toys/brightness-net-mnist or ",
        ),
        ({"data": "mnist-6k"}, r"no data set named 'mnist-6k'; did you mean mnist-5k"),
    ],
    ids=str,
)
def test_an_unknown_name_is_met_with_the_nearest(
    arguments: dict[str, str], words: str, installed: None
) -> None:
    with pytest.raises(UnknownNameError, match=words):
        plan(**arguments)


def test_nothing_in_common_is_said_in_one_sentence(installed: None) -> None:
    with pytest.raises(BenchmarkError) as caught:
        plan("toys", data="cifar10")
    assert str(caught.value) == (
        "Nothing to measure: toys and the data set 'cifar10' have no data in common."
    )
    with pytest.raises(BenchmarkError, match="There is no suite 'all'; there are offline and full"):
        plan(suite="all")
    with pytest.raises(BenchmarkError, match="Nothing to measure: vision/vit-base and the suite"):
        plan("vision/vit-base", suite="full")  # its own data are none, whatever its baseline's


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"limit": 0}, "The limit must be at least 1; 0 came."),
        ({"limit": -3}, "The limit must be at least 1; -3 came."),
        ({"threads": -1}, "The number of threads cannot be -1."),
        ({"stall_seconds": 0}, "The seconds of silence must be more than 0; 0 came."),
        ({"stall_seconds": float("nan")}, "The seconds of silence must be more than 0; nan came."),
        ({"device": "auto"}, "Name the device to measure on, such as cpu or cuda, not auto."),
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(BenchmarkError) as caught:
        Settings(**settings)
    assert str(caught.value) == words


def test_no_number_of_threads_means_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "usable_cores", lambda: 7)
    assert Settings().threads == 7
    assert Settings(threads=3).threads == 3
