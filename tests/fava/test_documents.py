"""An entry opens its invoice in Fava."""

from __future__ import annotations

from pathlib import Path

import pytest
from beancount.core.data import Document, Transaction
from fava.core import FavaLedger

from revrec.app import invoices
from revrec.app.render import render
from tests.app.desk import NOW, Desk, paid, registered, sold
from tests.fava.books_of import served


@pytest.fixture
def root(tmp_path: Path) -> Path:
    desk = Desk(tmp_path / "books")
    desk.say(registered("C-1", tax_id="12345678Z"), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    desk.asked(lambda ws: render(ws, [row.issued for row in invoices.listing(ws).rows], signer=None, now=NOW))
    return desk.root


def test_the_books_load_with_their_documents(root: Path) -> None:
    ledger = FavaLedger(str(root / "main.beancount"), poll_watcher=True)
    assert ledger.errors == []
    assert [Path(entry.filename).name for entry in ledger.all_entries if isinstance(entry, Document)] == [
        "2026-03-20.F2026-000001.pdf"
    ]


def test_the_entry_of_a_payment_leads_to_its_invoice(root: Path) -> None:
    from fava.beans.funcs import hash_entry

    ledger = FavaLedger(str(root / "main.beancount"), poll_watcher=True)
    (entry,) = (e for e in ledger.all_entries if isinstance(e, Transaction) and "invoice-F2026-000001" in e.links)
    client = served(root / "main.beancount")
    slug = client.get("/").headers["Location"].split("/")[1]
    answer = client.get(f"/{slug}/statement/?entry_hash={hash_entry(entry)}&key=document")
    assert answer.status_code == 200
    assert answer.data.startswith(b"%PDF")
