"""Bundles: products with slots and ports, as sweeps make them."""

import math
import pickle
from typing import Any

from autograd.bundles import Bundle, Port, Slot, Tangents


class Doubled:
    """An application that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def pull(self, cotangents: dict[int, Any]) -> list[Any]:
        """Twice the sum, at both inputs."""
        self.asked += 1
        return [2.0 * sum(cotangents.values())] * 2

    push = pull


def test_a_reverse_sweep_asks_once() -> None:
    """What arrives at the results is put together, and comes out at the inputs."""
    rule: Any = Doubled()
    bundle: Any = 3.0 * Slot(0) + 4.0 * Slot(2) + 1.0 * Slot(0)
    assert bundle.numbers == {0: 4.0, 2: 4.0}
    assert [bundle * Port(rule, 0), bundle * Port(rule, 1)] == [16.0, 16.0]
    assert rule.asked == 1


def test_a_forward_sweep_asks_once() -> None:
    """The same from the inputs to the results."""
    rule: Any = Doubled()
    bundle: Any = Port(rule, 0) * 3.0 + Port(rule, 1) * 4.0
    assert isinstance(bundle, Tangents)
    assert [Slot(0) * bundle, Slot(1) * bundle] == [14.0, 14.0]
    assert rule.asked == 1


def test_to_whoever_asks_for_a_number_it_is_the_first() -> None:
    """So a group has a gradient that can be printed and pickled."""
    assert float(Bundle({0: 2.5, 1: 3.0})) == 2.5
    assert math.isnan(Bundle({0: object()}))
    assert pickle.loads(pickle.dumps(Bundle({0: 2.5}))) == 2.5
