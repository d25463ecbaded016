"""What a check found wrong: a stable code, where, what, and what to do."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that is wrong: `code` is stable (`books.changed`), `where` a file, line or id, `hint` the remedy."""

    code: str
    where: str
    message: str
    hint: str
