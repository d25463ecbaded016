"""Where a number of the page leads: the account or journal pages of Fava, filtered to the entries behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from revrec.core.rollforward import RULE_FLOWS, Flow
from revrec.fava.goto import Goto, exactly, link, pattern

Dimensions = Mapping[str, str | None]


class Links(NamedTuple):
    """Makes the links of one page.

    `url_for` is Fava's (it carries the filters of the page along), `account` the contract liability's, `filter` what
    stands in the filter box; `strayed` when a posting may belong to another branch than its entry. `summed`: the ledger holds
    months, so that a number leads to its month, and a bundle to its chain.
    """

    url_for: Callable[..., str]
    account: str
    filter: str
    strayed: bool
    summed: bool = False

    def entries(self, flow: Flow | None, of: Dimensions, time: str | None) -> str:
        """The account's entries behind a number: of one flow (None: all), group and time."""
        times = {"time": time} if time else {}
        if self.summed:
            return self.url_for("account", name=self.account, filter="", account="", **times)
        words = [f"({self.filter})"] if self.filter else []
        words += [word for name, value in of.items() if (word := self._word(name, value))]
        if flow is not None:
            words.append(_rules(flow))
        return self.url_for("account", name=self.account, filter=" ".join(words), **times)

    def bundle(self, bundle: str) -> str:
        """Everything that happened to a bundle, sessions and payments: in the journal, else its chain."""
        if self.summed:
            return Goto(self.url_for).trace(f"bundle:{bundle}")
        return self.url_for("report", report_name="journal", filter=self._word("bundle", bundle), time="", account="")

    def page(self, **query: str) -> str:
        """This page, seen otherwise."""
        return self.url_for("extension_report", extension_name="RevrecRollforward", **query)

    def _word(self, name: str, value: str | None) -> str:
        if value is None:
            return f'-{name}:"."'
        if name == "bundle":
            return link(name, value)
        exact = exactly(name, value)
        if name != "branch" or not self.strayed:
            return exact
        # A leg's own branch goes before its entry's: a session delivered elsewhere still uses the seller's liability.
        leg = f'account:"^{pattern(self.account)}"'
        return f'(any({leg} {exact}), ({exact} -any({leg} branch:".")))'


def _rules(flow: Flow) -> str:
    """The filter of a flow: any of its rules, or none at all for an entry made by hand."""
    wanted = Flow.REVENUE_ADDED if flow is Flow.REVENUE_OPENING else flow
    names = [rule for rule, means in RULE_FLOWS.items() if means is wanted]
    if wanted is Flow.RELEASED:
        names += [rule for rule, means in RULE_FLOWS.items() if means is Flow.REFUNDED]
    exact = f'rule:"^({"|".join(map(pattern, names))})$"'
    return f'({exact}, -rule:".")' if wanted is Flow.ADJUSTED else exact


def liability_account(accounts: Sequence[str], known: Callable[[str], bool]) -> str:
    """The account page that shows them all: the only one, else the nearest above them that the ledger has."""
    if not accounts:
        return ""
    parts = [account.split(":") for account in accounts]
    shared = 0
    while all(len(part) > shared and part[shared] == parts[0][shared] for part in parts):
        shared += 1
    above = ":".join(parts[0][:shared])
    return above if known(above) else accounts[0]
