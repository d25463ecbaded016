"""Double entry: roles, postings, and entries that balance or do not exist."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What an account is for; the chart says which account it is (accounting.md 2)."""

    __hash__ = str.__hash__  # Enum's own is a Python function, and roles are keys everywhere

    BANK = "bank"
    CASH = "cash"
    PSP_CLEARING = "psp-clearing"
    RECEIVABLE = "receivable"
    RECEIVABLE_DISPUTED = "receivable-disputed"
    IMPAIRMENT = "impairment"
    CONTRACT_ASSET = "contract-asset"
    WITHHELD_TAX = "withheld-tax"
    DUE_FROM_BRANCH = "due-from-branch"
    DUE_TO_BRANCH = "due-to-branch"
    CONTRACT_LIABILITY = "contract-liability"
    CUSTOMER_CREDIT = "customer-credit"
    CUSTOMER_DEPOSIT = "customer-deposit"
    REFUND_LIABILITY = "refund-liability"
    REFUNDS_PAYABLE = "refunds-payable"
    VAT_OUTPUT = "vat-output"
    VAT_OUTPUT_PENDING = "vat-output-pending"
    VAT_INPUT = "vat-input"
    WITHHOLDING_PAYABLE = "withholding-payable"
    PROVIDER_PAYABLE = "provider-payable"
    CLIENT_MONEY = "client-money"
    REVENUE_PACKAGE = "revenue-package"
    REVENUE_SINGLE = "revenue-single"
    REVENUE_NO_SHOW = "revenue-no-show"
    BREAKAGE = "breakage"
    COMMISSION_INCOME = "commission-income"
    FEE_INCOME = "fee-income"
    REFUND_CONTRA = "refund-contra"
    PROVIDER_COST = "provider-cost"
    SESSION_COST = "session-cost"
    PSP_FEES = "psp-fees"
    BAD_DEBT = "bad-debt"
    IMPAIRMENT_LOSS = "impairment-loss"
    FX_GAIN = "fx-gain"
    FX_LOSS = "fx-loss"
    ROUNDING = "rounding"
    OPENING = "opening"
    PRIOR_PERIOD = "prior-period"


INCOME_ROLES = frozenset(
    {
        Role.REVENUE_PACKAGE,
        Role.REVENUE_SINGLE,
        Role.REVENUE_NO_SHOW,
        Role.BREAKAGE,
        Role.COMMISSION_INCOME,
        Role.FEE_INCOME,
        Role.REFUND_CONTRA,
    },
)
MONEY_ROLES = frozenset({Role.BANK, Role.CASH, Role.PSP_CLEARING})


class Posting(NamedTuple):
    """One leg: debit positive, credit negative, in minor units of the taxpayer's currency.

    `bundle`, `branch` and `customer` are set only where the leg differs from its entry;
    `method` is the payment method of a money leg (a chart may keep an account per method).
    """

    role: Role
    amount: int
    bundle: str | None = None
    branch: str | None = None
    customer: str | None = None
    method: str | None = None


class Unbalanced(ValueError):
    """The legs of an entry do not add up to zero: a defect of the engine, never of the input."""


class JournalEntry(NamedTuple):
    """One balanced transaction, dated on its posting day; `balanced` makes sure before one is posted.

    `event` is the id of the fact that it follows from (a clock entry: the fact that set the date),
    `source` that fact's source, `rule` the id of the posting rule (`core/rules.py`), `policy` `id@since`
    of the pinned version. `corrects` is the number of the entry that it undoes or changes.
    `effective` is set where it differs from `date`; `late` marks a posting moved out of a closed period.
    """

    number: int
    date: dt.date
    event: str
    source: str
    rule: str
    postings: tuple[Posting, ...]
    bundle: str | None = None
    session: str | None = None
    customer: str | None = None
    branch: str | None = None
    service: str | None = None
    policy: str | None = None
    corrects: int | None = None
    effective: dt.date | None = None
    late: bool = False
    metadata: tuple[tuple[str, str], ...] = ()


def balanced(entry: JournalEntry) -> JournalEntry:
    """The entry itself; Unbalanced when its legs do not add up to zero."""
    total = 0
    for posting in entry.postings:
        total += posting[1]
    if total:
        raise Unbalanced(f"entry of event {entry.event} ({entry.rule}) is out of balance by {total} minor units")
    return entry
