"""A sample that everybody draws alike: which ids are taken follows from the seed and the ids alone.

Each id has a rank: SHA-256 of the seed, a line feed and the id. The lowest ranks are the sample. No random numbers are
used, so that any machine, any version and any other program draws the same; a larger sample holds the smaller one.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from typing import NamedTuple

METHOD = "rank = SHA-256(seed, line feed, id), UTF-8; the lowest ranks are taken"


class Drawn(NamedTuple):
    """An id of the sample and its rank (hex)."""

    rank: str
    id: str


def rank(seed: str, name: str) -> str:
    """The rank of an id under a seed: 64 hexadecimal digits."""
    return hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest()


class Urn:
    """Draws while ids go by, in memory for `size` of them."""

    def __init__(self, seed: str, size: int) -> None:
        self._seed = hashlib.sha256(f"{seed}\n".encode())
        self._size = size
        self._kept: list[tuple[int, str]] = []  # a heap with the highest rank first, ranks negated
        self.population = 0

    def put(self, name: str) -> None:
        """One more id of the population."""
        self.population += 1
        if self._size <= 0:
            return
        digest = self._seed.copy()
        digest.update(name.encode())
        item = -int.from_bytes(digest.digest()), name
        if len(self._kept) < self._size:
            heapq.heappush(self._kept, item)
        elif item > self._kept[0]:
            heapq.heapreplace(self._kept, item)

    def drawn(self) -> tuple[Drawn, ...]:
        """The sample, lowest rank first."""
        return tuple(Drawn(f"{-negated:064x}", name) for negated, name in sorted(self._kept, reverse=True))


def draw(names: Iterable[str], seed: str, size: int) -> tuple[Drawn, ...]:
    """The sample of some ids, lowest rank first; all of them when there are no more."""
    urn = Urn(seed, size)
    for name in names:
        urn.put(name)
    return urn.drawn()
