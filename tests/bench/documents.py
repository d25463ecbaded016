"""What a document costs against one bare RSA-2048 signature of `cryptography`, turn and turn about in one process.

`python -m tests.bench.documents BOOKS COUNT TURNS` prints, as JSON, the seconds of each turn of COUNT documents. BOOKS is a
workspace in which COUNT × TURNS documents wait for nothing any more. Keys, certificates and schemas are loaded, and who the
recipients are is read, before anything is measured.

`rsa`: bare signatures. `verifactu`: from an invoice to what is kept of it: our checks, the record with its huella, the XSD,
invoice and record sealed, their rows and the commit. `facturae`: the signed file of an invoice checked, built, held
against the XSD, signed, verified by our own verifier and kept, each in a transaction of its own as `invoice render` does.
`facturae_signed`: the part of that which builds and signs.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from einvoice import keys, xsd
from einvoice.frozen import thaw
from einvoice.model import Invoice
from einvoice.regimes.facturae import build, issue
from einvoice.sandbox import pki
from einvoice.sign import sign
from revrec.app.issuing import TOGETHER, Issuer, Written
from revrec.app.paper import Numbered
from revrec.app.record import Run
from revrec.app.workspace import Workspace, open_workspace
from revrec.core import money
from revrec.store.format import instant
from revrec.store.papers import Issued, Papers, Waiting

PASSWORD = "only for measuring"  # of a key that is made here and gone at the end
Each = TypeVar("Each")


def signer_of(now: datetime) -> keys.FileSigner:
    """A new key of 2048 bits with a certificate of the shape that FNMT issues, loaded from its file."""
    holder = pki.Holder("ANA", "PRUEBA UNO", "99999999R", "BENCH SL", "B64717838")
    data = pki.Authority.create(now).client(holder, pki.valid(now)).pkcs12(PASSWORD)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "client.p12"
        path.write_bytes(data)
        return keys.load(path, PASSWORD, now)


def timed(action: Callable[[Each], object], over: Iterable[Each]) -> float:
    """The seconds that an action needs for all of them."""
    start = time.perf_counter()
    for each in over:
        action(each)
    return time.perf_counter() - start


class Desk:
    """Makes documents of the books that are given."""

    def __init__(self, ws: Workspace, now: datetime) -> None:
        self.ws = ws
        self.now = now
        self.papers = Papers(ws.store)
        self.signer = signer_of(now)
        self.rsa = pki.new_key()
        for name in ("verifactu/SuministroInformacion", issue.SCHEMA):
            xsd.schema(name)

    def bare(self, number: int) -> None:
        """One bare signature."""
        self.rsa.sign(b"document %d" % number, padding.PKCS1v15(), hashes.SHA256())

    def verifactu(self, waiting: list[Waiting]) -> float:
        """Seconds to number, register and keep what waits, the commit included."""
        with self.ws.store.transaction():
            run = Run(self.ws, self.now)
            self._read(run, waiting)
            issuer, written = run.issuer, self._written(run.issuer, waiting)
            start = time.perf_counter()
            for first in range(0, len(written), TOGETHER):
                issuer.keep([self._numbered(issuer, *one) for one in written[first : first + TOGETHER]])
            run.finish()
        return time.perf_counter() - start

    @staticmethod
    def _numbered(issuer: Issuer, each: Waiting, invoice: Invoice, limit: Decimal) -> Written:
        assert not issuer.problems(invoice, limit)
        return issuer.take(each.draft, each.seq, 0, each.draft.recipient, invoice)

    def _written(self, issuer: Issuer, waiting: list[Waiting]) -> list[tuple[Waiting, Invoice, Decimal]]:
        """The invoices under the numbers that they will get, each with the limit of a simplified one."""
        found = []
        for place, each in enumerate(waiting):
            case, _ = issuer._case(each.draft, {})
            series, number = issuer.number(case)
            invoice = issuer.paper.invoice(case, Numbered(series, f"{series}{int(number.removeprefix(series)) + place:06}"))
            found.append((each, invoice, money.decimal(issuer.limit(case), invoice.currency)))
        return found

    def _read(self, run: Run, waiting: list[Waiting]) -> None:
        """What `record` has at hand of a batch: bundles, accounts, persons and their keys."""
        recipients = [each.draft.recipient for each in waiting]
        run.book.prefetch(refs=(), bundles={each.draft.bundle for each in waiting}, customers=(), holders=())
        run.issuer.prefetch({each.draft.account for each in waiting}, ())
        self.ws.store.keys.expect(recipients)
        for recipient in recipients:
            run.issuer.details(recipient)

    def invoice(self, issued: Issued) -> Invoice:
        """The invoice as it was frozen."""
        return thaw(self.papers.unseal(issued.customer, issued.number, issued.content) or b"")

    def facturae(self, invoices: list[tuple[Issued, Invoice]], form: str) -> float:
        """Seconds to make and keep the signed files."""

        def make(one: tuple[Issued, Invoice]) -> None:
            issued, invoice = one
            made = issue.issue(invoice, self.signer, self.now)
            with self.ws.store.transaction():
                self.papers.add_document(issued.number, form, instant(self.now), issued.customer, made)

        return timed(make, invoices)

    def signed(self, one: tuple[Issued, Invoice]) -> None:
        """Build and sign, no more."""
        sign(build.build(one[1]), self.signer, self.now, build.claimed_role(one[1]))


def measure(root: Path, count: int, turns: int) -> dict[str, list[float]]:
    """The seconds of each turn."""
    found: dict[str, list[float]] = {"rsa": [], "verifactu": [], "facturae_signed": [], "facturae": []}
    with open_workspace(root) as ws:
        desk = Desk(ws, datetime.now(UTC))
        waiting = desk.papers.waiting()
        assert len(waiting) == count * turns, f"{len(waiting)} documents wait"
        for turn in range(turns):
            found["rsa"].append(timed(desk.bare, range(count)))
            found["verifactu"].append(desk.verifactu(waiting[turn * count : (turn + 1) * count]))
        invoices = [(issued, desk.invoice(issued)) for issued, _ in zip(desk.papers.invoices(), range(count), strict=False)]
        for turn in range(turns):
            found["rsa"].append(timed(desk.bare, range(count)))
            found["facturae_signed"].append(timed(desk.signed, invoices))
            found["facturae"].append(desk.facturae(invoices, f"xsig-{turn}"))
    return found


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
