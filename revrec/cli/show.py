"""How results are printed: lines for people, JSON for programs, one line an error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from revrec.core import money

if TYPE_CHECKING:
    from revrec.core.findings import Finding
    from revrec.core.journal import JournalEntry


class Showable(Protocol):
    """What the application answers: it can say itself in lines and in JSON."""

    def lines(self) -> Iterator[str]:
        """For people."""
        ...

    def to_json(self) -> dict[str, Any]:
        """For programs: amounts and quantities as decimal strings."""
        ...


def show(result: Showable, *, as_json: bool) -> None:
    """Print one result."""
    if as_json:
        show_json(result.to_json())
    else:
        for line in result.lines():
            print(line)


def handed(text: str, about: Showable, path: Path | None, *, as_json: bool) -> None:
    """Print a file that is to be handed out, or write it and say what it is; what it is goes beside a printed one."""
    if path is None:
        print(text, end="")
        if not as_json:
            for line in about.lines():
                complain(line)
        return
    path.write_text(text, "utf-8", newline="\n")
    show(about, as_json=as_json)
    if not as_json:
        print(f"written to {path}")


def show_rows(rows: list[dict[str, Any]], lines: Iterable[str], *, as_json: bool) -> None:
    """Print a list: its lines for people, its rows for programs."""
    if as_json:
        show_json(rows)
    else:
        for line in lines:
            print(line)


def show_json(value: Any) -> None:
    """Print JSON for people and programs alike: indented, UTF-8."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def complain(line: str) -> None:
    """Print one line on standard error."""
    print(line, file=sys.stderr)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 event`, `2,000 events`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def sentence(text: str) -> str:
    """The text without a full stop at its end, so that more can follow."""
    return text.rstrip().removesuffix(".")


def findings(found: Iterable[Finding], *, as_json: bool, clean: str) -> bool:
    """Print what a check found, or the sentence `clean`; whether it found anything."""
    rows = list(found)
    if as_json:
        show_json({"findings": [{"code": f.code, "where": f.where, "message": f.message, "hint": f.hint} for f in rows]})
        return bool(rows)
    for row in rows:
        hint = f". Hint: {row.hint}" if row.hint else ""
        where = "" if row.message.startswith(row.where) else f"{row.where}: "
        complain(f"{where}{sentence(row.message)} ({row.code}){hint}")
    if not rows:
        print(clean)
    return bool(rows)


def draft(entry: JournalEntry, currency: str) -> Iterator[str]:
    """An entry that would be posted: a head line, then one line a leg (debit positive)."""
    of = "".join(f" {name} {value}" for name, value in (("bundle", entry.bundle), ("session", entry.session)) if value)
    yield f"{entry.date} {entry.rule}: event {entry.event}{of}"
    for leg in entry.postings:
        yield f"  {leg.role:<24}{money.text(leg.amount, currency):>14} {currency}"


def draft_json(entry: JournalEntry, currency: str) -> dict[str, Any]:
    """The same as JSON."""
    legs = [{"role": leg.role.value, "amount": money.text(leg.amount, currency)} for leg in entry.postings]
    head = {
        "date": entry.date.isoformat(),
        "rule": entry.rule,
        "event": entry.event,
        "bundle": entry.bundle,
        "session": entry.session,
    }
    return {key: value for key, value in head.items() if value} | {"postings": legs}
