"""Words of closed lists: kinds, states and the options of policies."""

from __future__ import annotations

from enum import StrEnum


class Word(StrEnum):
    """A word is or is not another one; asking which of two comes first is a mistake (TypeError)."""

    def __lt__(self, other: object) -> bool:
        return NotImplemented

    __le__ = __gt__ = __ge__ = __lt__
