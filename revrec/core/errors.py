"""The root of revrec's errors: one class a mistake, the message built in the class."""

from __future__ import annotations


class RevrecError(Exception):
    """A mistake that a person can mend: the message says what is wrong, where, and what to do next."""


class Refused(RevrecError):
    """An event that the rules or the books do not allow.

    `rule` names the clause (`policy refund`, `events.md 4a`), `field` the member of `data` at fault, if one is.
    """

    def __init__(self, message: str, *, rule: str, field: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.field = field
