"""Where a number of the page leads: the account or journal pages of Fava, filtered to the entries behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from revrec.core.rollforward import RULE_FLOWS, Flow
from revrec.fava.goto import Goto, any_of, exactly, link

Dimensions = Mapping[str, str | None]


class Links(NamedTuple):
    """Makes the links of one page.

    `accounts` are those whose numbers are shown, `filter` the words of Fava's filter box that narrow them; `strayed` when a
    posting may belong to another branch than its entry. In a book of months alone a number leads to its month.
    """

    goto: Goto
    accounts: Sequence[str]
    filter: str
    strayed: bool

    def entries(self, flow: Flow | None, of: Dimensions, time: str | None) -> str:
        """The entries of the accounts behind a number: of one flow (None: all), group and time."""
        if not self.goto.entries:
            return self.goto.accounts(self.accounts, time=time or "")
        words = [f"({self.filter})"] if self.filter else []
        words += [word for name, value in of.items() if (word := self._word(name, value))]
        if flow is not None:
            words.append(_rules(flow))
        return self.goto.accounts(self.accounts, " ".join(words), time or "")

    def page(self, **query: str) -> str:
        """This page, seen otherwise."""
        return self.goto.page("RevrecRollforward", **query)

    def _word(self, name: str, value: str | None) -> str:
        if value is None:
            return f'-{name}:"."'
        if name == "bundle":
            return link(name, value)
        exact = exactly(name, value)
        if name != "branch" or not self.strayed:
            return exact
        # A leg's own branch goes before its entry's: a session delivered elsewhere still uses the seller's liability.
        leg = f'account:"{any_of(self.accounts)}"'
        return f'(any({leg} {exact}), ({exact} -any({leg} branch:".")))'


def _rules(flow: Flow) -> str:
    """The filter of a flow: any of its rules, or none at all for an entry made by hand."""
    wanted = Flow.REVENUE_ADDED if flow is Flow.REVENUE_OPENING else flow
    names = [rule for rule, means in RULE_FLOWS.items() if means is wanted]
    if wanted is Flow.RELEASED:
        names += [rule for rule, means in RULE_FLOWS.items() if means is Flow.REFUNDED]
    exact = f'rule:"{any_of(names)}"'
    return f'({exact}, -rule:".")' if wanted is Flow.ADJUSTED else exact
