"""`revrec demo`: an invented practice's year through the real path, a summary that ties out, and the books in Fava."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import orjson

from revrec.app import advance, init, invoices, render, report, standing, year
from revrec.app import serve as books
from revrec.app.practice import policy_text
from revrec.app.progress import Progress
from revrec.app.simulate import BUNDLES, MONTHS, SEED, START, TAXPAYER, simulate
from revrec.app.workspace import Workspace, open_workspace
from revrec.core import money
from revrec.core.dates import DAY, add_months
from revrec.core.errors import RevrecError
from revrec.core.journal import MONEY_ROLES, Role
from revrec.core.report import Tie

NAME = "Centro de Demostración SL"
MARK = "DEMO"  # stands in every folder that a demo made, and nowhere else
MARK_TEXT = "Made by `revrec demo` with invented people; the next demo wipes this folder.\n"

# Three in ten euros of input VAT are deducted: most of what the practice sells is exempt (LIVA 102).
DEDUCTIBLE = f"""
[[vat_deductible]]
since = {START}
share = "0.30"
"""

# Every document names the test environment of the tax authority: none of them is an invoice.
ISSUING = f"""\
invoicing_from = {START}
"""
ADDRESS = """address = "Calle Inventada 1"
post_code = "08001"
town = "Barcelona"
province = "Barcelona"
"""

TITLES: Mapping[Role, str] = {
    Role.BANK: "at the bank",
    Role.CASH: "in cash",
    Role.PSP_CLEARING: "on its way from the payment service",
    Role.OPENING: "brought in at the opening, less open bundles",
    Role.REVENUE_PACKAGE: "revenue of sessions from bundles",
    Role.REVENUE_SINGLE: "revenue of one-off visits",
    Role.REVENUE_NO_SHOW: "revenue of late cancellations and no-shows",
    Role.COMMISSION_INCOME: "commission on what partners deliver",
    Role.BREAKAGE: "breakage: paid, never used",
    Role.FEE_INCOME: "fees",
    Role.REFUND_CONTRA: "refunds and concessions beyond what was owed",
    Role.CONTRACT_LIABILITY: "contract liability: paid, not yet used",
    Role.REFUND_LIABILITY: "refund liability: expected back",
    Role.CLIENT_MONEY: "client money: partners', not yet used",
    Role.CUSTOMER_CREDIT: "customer credit",
    Role.CUSTOMER_DEPOSIT: "deposits of customers",
    Role.REFUNDS_PAYABLE: "refunds agreed, not yet paid",
    Role.RECEIVABLE: "receivable: used or charged, not yet paid",
    Role.RECEIVABLE_DISPUTED: "disputed with the payer's bank",
    Role.CONTRACT_ASSET: "contract asset: used, not yet billed",
    Role.VAT_OUTPUT: "VAT charged",
    Role.VAT_OUTPUT_PENDING: "VAT of what is due and not delivered",
    Role.VAT_INPUT: "VAT deducted",
    Role.WITHHELD_TAX: "income tax that payers kept back",
    Role.WITHHOLDING_PAYABLE: "income tax kept back from providers",
    Role.DUE_FROM_BRANCH: "owed between branches, to the one that gave care",
    Role.DUE_TO_BRANCH: "the same, by the one that sold",
    Role.PROVIDER_COST: "freelance providers and partners",
    Role.SESSION_COST: "sessions delivered, not yet invoiced",
    Role.PROVIDER_PAYABLE: "owed to freelance providers and partners",
    Role.PSP_FEES: "fees of the payment service",
    Role.BAD_DEBT: "claims that are lost",
    Role.FX_GAIN: "exchange gains",
    Role.FX_LOSS: "exchange losses",
}


class NotADemo(RevrecError):
    """The folder holds something that no demo made: it is not wiped."""

    def __init__(self, root: Path) -> None:
        super().__init__(f"{root}: this folder was not made by `revrec demo`. Hint: name another folder; nothing was changed")


def _say(line: str) -> None:
    """Print at once: the address must be seen while Fava serves."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def demo(
    root: Path,
    *,
    now: datetime,
    progress: Progress,
    serve: bool = True,
    port: int = 0,
    seed: int = SEED,
    bundles: int = BUNDLES,
    months: int = MONTHS,
    say: Callable[[str], None] = _say,
) -> None:
    """Make the demo workspace `root`, say what stands in its books, and serve them until Ctrl-C.

    Raises NotADemo when the folder holds something else, and NotServed when Fava does not start.
    """
    prepare(root, now=now)
    last = add_months(START, months) - DAY
    path, counts = root / "events.jsonl", write_events(root / "events.jsonl", seed, bundles, months)
    with open_workspace(root, environ=os.environ) as ws:
        start = time.perf_counter()
        lived = year.live(ws, path, now=now, seed=seed, progress=progress)
        advance.advance(ws, last, now=now, progress=progress)
        seconds = time.perf_counter() - start
        for line in summary(ws, counts, last):
            say(line)
        say("")
        for line in documents(ws, lived, last):
            say(line)
        shown = [row.issued for row in invoices.listing(ws, first=last.replace(day=1), last=last).rows]
        made = render.render(ws, shown, signer=None, now=now, progress=progress)
        say(f"the {len(made.files):,} documents of the last month lie under documents/; their entries open them in Fava")
        say(f"{lived.recorded:,} events recorded, issued and submitted in {seconds:.1f} s")
        say("")
        for line in report.rollforward(ws, START, last, None).lines():
            say(line)
        opened = books.prepare(ws, progress=progress)
    say("")
    say(f"The books: {root / 'main.beancount'}; the events: {path}")
    if serve:
        for line in opened.why:
            say(line)
        books.serve(opened, lambda address: say(f"Fava serves them at {address} until Ctrl-C"), port)


def prepare(root: Path, *, now: datetime) -> None:
    """An empty workspace with the demo's policies, in place of an older demo; raises NotADemo."""
    if root.exists() and not root.is_dir():
        raise NotADemo(root)
    if root.is_dir() and any(root.iterdir()):
        if not (root / MARK).is_file():
            raise NotADemo(root)
        shutil.rmtree(root)
    usual = init.usual(TAXPAYER)
    answers = init.Answers(TAXPAYER, NAME, usual.chart, usual.zone or "UTC", usual.currency or "EUR", usual.territory)
    root.mkdir(parents=True, exist_ok=True)
    (root / MARK).write_text(MARK_TEXT, encoding="utf-8")
    init.init(root, answers, now=now)
    (root / "policy.toml").write_text(policy_text(), encoding="utf-8", newline="\n")
    with (root / "revrec.toml").open("a", encoding="utf-8", newline="\n") as file:
        file.write(DEDUCTIBLE)
    text = (root / "revrec.toml").read_text(encoding="utf-8")
    (root / "revrec.toml").write_text(ISSUING + text.replace("person =", f"{ADDRESS}person =", 1), encoding="utf-8", newline="\n")


def write_events(path: Path, seed: int, bundles: int, months: int) -> Counter[str]:
    """Write the simulated events; how many of each type."""
    counts: Counter[str] = Counter()
    with path.open("wb") as file:
        for event in simulate(seed, bundles, months):
            file.write(orjson.dumps(event) + b"\n")
            counts[event["type"]] += 1
    return counts


def summary(ws: Workspace, counts: Counter[str], last: date) -> Iterator[str]:
    """What stands in the books: events by type, money and what it stands for, the ledger against the bundles."""
    currency, roles = ws.settings.currency, balances(ws, last)
    yield f"{ws.settings.name}, {START} to {last}: {counts.total():,} events"
    yield from _columns(counts)
    yield ""
    yield f"Money in hand on {last}, in {currency}"
    mine = {role: amount for role, amount in roles.items() if role in MONEY_ROLES}
    yield from _lines(mine, 1, currency)
    yield _total("money in hand", sum(mine.values()), currency)
    yield "is explained by"
    rest = {role: amount for role, amount in roles.items() if role not in MONEY_ROLES}
    yield from _lines(rest, -1, currency)
    yield _total("explained", -sum(rest.values()), currency)
    yield f"difference {_shown(sum(roles.values()), currency)}"
    yield ""
    for tie in ties(ws, last):
        sides = f"{_shown(tie.left, currency)}, {tie.right_label} {_shown(tie.right, currency)}"
        yield f"{tie.left_label} {sides}, difference {_shown(tie.difference, currency)}"


def documents(ws: Workspace, lived: year.Lived, last: date) -> Iterator[str]:
    """What was issued and sent, what waits, and that the documents say what the ledger billed."""
    state = standing.status(ws, now=year.evening(last))
    waits = len(invoices.pending(ws, last).rows)
    yield f"{lived.issued:,} documents issued, {waits:,} wait for a datum of their recipient"
    accepted = state.counts.get("accepted", 0) + state.counts.get("accepted-with-errors", 0)
    sent = f"{lived.messages:,} messages, of which {lived.faults:,} went wrong"
    yield f"{accepted:,} records accepted by the local tax office in {sent}"
    yield f"records that wait: {state.waiting:,}; stuck: {len(state.stuck):,}"
    for tie in report.run(ws, "invoices", START, last).ties:
        currency = ws.settings.currency
        sides = f"{_shown(tie.left, currency)}, {tie.right_label} {_shown(tie.right, currency)}"
        yield f"{tie.left_label} {sides}, difference {_shown(tie.difference, currency)}"


def balances(ws: Workspace, last: date) -> dict[Role, int]:
    """The balance of every role that moved, in the order of the chart; debit positive."""
    sums: Counter[Role] = Counter()
    for row in ws.store.balances(last):
        sums[Role(row.role)] += row.amount
    return {role: sums[role] for role in Role if role in sums}


def ties(ws: Workspace, last: date) -> Iterator[Tie]:
    """The ledger against bundles, visits and customers counted one by one, and against the VAT return."""
    for name in ("reconciliation", "tax"):
        yield from report.run(ws, name, START, last).ties


def _shown(minor: int, currency: str) -> str:
    return f"{money.decimal(minor, currency):,}"


def _lines(roles: Mapping[Role, int], sign: int, currency: str) -> Iterator[str]:
    order = sorted(roles, key=lambda role: list(TITLES).index(role) if role in TITLES else len(TITLES))
    for role in order:
        yield f"  {TITLES.get(role, role.value.replace('-', ' ')):<46}{_shown(sign * roles[role], currency):>14}"


def _total(title: str, amount: int, currency: str) -> str:
    return f"  {'= ' + title:<46}{_shown(amount, currency):>14}"


def _columns(counts: Counter[str]) -> Iterator[str]:
    """Three types a line, most frequent first."""
    cells = [f"{kind:<26}{number:>6,}" for kind, number in counts.most_common()]
    for row in range(0, len(cells), 3):
        yield "  " + "   ".join(cells[row : row + 3])
