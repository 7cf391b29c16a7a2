"""Work side by side, and what the libraries below are told meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from threadpoolctl import ThreadpoolController

from zoo.learning import _arrays_on_one_thread
from zoo.parallel import side_by_side


@pytest.fixture(autouse=True)
def three_threads(threads: Callable[[int], None]) -> None:
    threads(3)


def test_each_piece_has_one_thread_and_the_order_is_kept() -> None:
    with side_by_side() as each:
        found = list(each(lambda n: (n, torch.get_num_threads()), range(20)))
    assert found == [(n, 1) for n in range(20)]
    assert torch.get_num_threads() == 3


def test_the_usual_map_where_it_is_not_wanted_or_there_is_one_thread() -> None:
    with side_by_side(wanted=False) as each:
        assert each is map
        assert torch.get_num_threads() == 3
    torch.set_num_threads(1)
    with side_by_side() as each:
        assert each is map


def test_the_threads_are_given_back_after_a_failure() -> None:
    with pytest.raises(ZeroDivisionError), side_by_side() as each:
        list(each(lambda n: 1 // n, [1, 0]))
    assert torch.get_num_threads() == 3


def test_numpy_multiplies_on_one_thread_while_a_network_learns() -> None:
    own = ThreadpoolController().select(prefix="libscipy_openblas")
    if not own.lib_controllers:
        pytest.skip("NumPy has another library")
    with own.limit(limits=2):
        before = [one["num_threads"] for one in own.info()]
        with _arrays_on_one_thread():
            assert {one["num_threads"] for one in own.info()} == {1}
        assert [one["num_threads"] for one in own.info()] == before
