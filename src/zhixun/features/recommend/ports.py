"""What recommend asks of whoever does the arithmetic: this machine, or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from .rules.choices import Choice


class Trainer(Protocol):
    name: str

    def item_weights(self, choices: Sequence[Choice]) -> Mapping[str, Mapping[str, float]]:
        """Chosen item → other item → how much having chosen the one speaks for the other; the strongest only, above 0.

        Pairs that fewer than TOGETHER_MIN people chose together are left out: they would tell of single people.
        """
