"""How fast the pages of a large book are: `revrec serve` as a process of its own, asked over HTTP like a browser asks.

A page is what a browser fetches to show it: its frame and the answers behind it, each the first time that they are asked for.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

LIABILITY = "Liabilities:ContractLiability"
SUMS = quote("SELECT account, sum(position) GROUP BY account")
# Fava's own pages by what they fetch; {month} is the last one of the book.
PAGES = {
    "income statement": "api/income_statement",
    "income statement of a month": "api/income_statement?time={month}",
    "balance sheet": "api/balance_sheet",
    "trial balance": "api/trial_balance",
    "journal": "api/journal_page?page=1&order=desc",
    "journal of a month": "api/journal_page?page=1&order=desc&time={month}",
    "account": f"api/account_report?a={LIABILITY}&r=journal",
    "account of a month": f"api/account_report?a={LIABILITY}&r=journal&time={{month}}",
    "account, balances": f"api/account_report?a={LIABILITY}&r=balances",
    "account, changes": f"api/account_report?a={LIABILITY}&r=changes",
    "statistics": "api/statistics",
    "query": f"api/query?query_string={SUMS}",
}
# What a reader asks of every page of revrec.
ASKED = ("", "?time={month}", "?time={month}-10+-+{month}-20", "?view=bundles", "?view=groups&time={month}", "?show=all")


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers: `address` of its first page, `seconds` from its start until that was there in full."""

    address: str
    seconds: float
    frame: str

    def get(self, path: str) -> tuple[float, str]:
        """The seconds that an answer takes, and its text; a wrong answer ends the benchmark."""
        start = time.perf_counter()
        text = fetch(self.ledger + path)[0]
        return time.perf_counter() - start, text

    @property
    def ledger(self) -> str:
        """Where the pages of the first ledger are."""
        return self.address[: self.address.index("/extension/") + 1]

    @property
    def extensions(self) -> list[str]:
        """The names of the pages that revrec adds."""
        data = json.loads(re.findall(r'id="ledger-data">(.*?)</script>', self.frame, re.DOTALL)[0])
        return [each["name"] for each in data["extensions"] if each["report_title"]]


def fetch(address: str) -> tuple[str, str]:
    """The text that is answered, and the address that it came from in the end."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=300) as answer:
        return answer.read().decode(), answer.geturl()


@contextmanager
def serving(root: Path, *options: str) -> Iterator[Served]:
    """The books served until the block ends."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "revrec", "-C", str(root), "serve", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout
        found = next(match for line in process.stdout if (match := re.search(r"http://\S+", line)))
        frame, address = fetch(found[0])
        yield Served(address, time.perf_counter() - start, frame)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def views(served: Served, month: str) -> dict[str, float]:
    """The seconds of every page the first time that it is asked for."""
    seen = {"frame": served.get("income_statement/")[0]}
    seen |= {name: served.get(path.format(month=month))[0] for name, path in PAGES.items()}
    for name in served.extensions:
        for asked in ASKED:
            query = asked.format(month=month)
            seen[f"{name} {query}".strip()] = served.get(f"extension/{name}/{query}")[0]
    return seen


def traces(served: Served, sessions: list[str]) -> list[float]:
    """Milliseconds of the traces of some sessions, as the frame fetches them; each holds the entry of its session."""
    found = []
    for session in sessions:
        took, text = served.get(f"extension/RevrecTrace/?id=session:{session}&partial=true")
        assert "session.earned" in text, text[:2000]
        found.append(took * 1000)
    return found
