"""A practice that issues: its settings, its catalogue, and a way to record events on a day."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from einvoice.model import Invoice
from revrec.app import invoices
from revrec.app.init import Answers, init
from revrec.app.record import Recorded, record
from revrec.app.workspace import open_workspace
from revrec.store.papers import Issued, Papers
from revrec.wire.files import source
from tests.app.shelf import POLICY, event, lines

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
TAXES = """
[[tax]]
id = "es-21"
category = "S"
rate = "21"

[[tax]]
id = "es-21m"
category = "S"
rate = "21"
voucher = "multi"

[[tax]]
id = "es-sport"
category = "S"
rate = "21"
simplified_limit = "3000.00"
"""
ADDRESS = '\naddress = "Calle Mayor 1"\npost_code = "28001"\ntown = "Madrid"\nprovince = "Madrid"\n'


def package(name: str, tax: str, price: str, policy: str = "standard", text: str = "") -> str:
    """A package of ten sessions."""
    return f"""
[[package]]
id = "{name}"
since = 2026-01-01
name = {{ en = "secret speciality" }}
policy = "{policy}"
tax = "{tax}"
units = 10
bonus_units = 0
unit = "session"
price = "{price}"
list_price = "60.00"
service = "psychology"
{text}
"""


def policy(name: str, **keys: str) -> str:
    """The standard policy under another name, with some keys changed."""
    text = POLICY[: POLICY.index("[[tax]]")].replace('"standard"', f'"{name}"')
    for key, value in keys.items():
        rows = [line for line in text.splitlines() if not line.startswith(f"{key} =")]
        text = "\n".join([*rows, f'{key} = "{value}"']) + "\n"
    return text


CATALOGUE = "".join(
    (
        POLICY,
        TAXES,
        policy("each", invoicing="per_session"),
        policy("paid", invoicing="per_payment", obligation="noncancellable"),
        policy("none", invoicing="none"),
        package("HEALTH", "es-health", "500.00", text='document_text = { es = "Bono de asistencia sanitaria" }'),
        package("TAXED", "es-21", "100.00"),
        package("EACH", "es-21m", "121.00", "each"),
        package("PAID", "es-21", "121.00", "paid"),
        package("NONE", "es-health", "500.00", "none"),
        package("SPORT", "es-sport", "605.00"),
    )
)
PERSON = {"name": "Ana", "first_surname": "García", "second_surname": "López", "person": "natural", "country": "ES"}
COMPANY = {
    "name": "Aseguradora de Pruebas SA",
    "person": "legal",
    "country": "ES",
    "business": True,
    "tax_id": "A28015865",
    "address": "Gran Vía 28",
    "post_code": "28013",
    "town": "Madrid",
    "province": "Madrid",
}


class Desk:
    """Records events one file at a time; `at` is the clock of the store."""

    def __init__(self, root: Path, settings: str = "", taxpayer: str = "ES-B64717838", since: str = "2026-01-01") -> None:
        self.root = root
        self.count = 0
        init(root, Answers(taxpayer, "Centro de Pruebas SL", "generic", "Europe/Madrid", "EUR", "common", NOW.date()), now=NOW)
        (root / "chart.beancount").write_text((root / "chart.beancount").read_text().replace(str(NOW.date()), "1970-01-01"))
        (root / "policy.toml").write_text(CATALOGUE)
        path = root / "revrec.toml"
        text = path.read_text().replace("person =", f"{ADDRESS}person =", 1)
        path.write_text(text.replace("[taxpayer]", f"invoicing_from = {since}\n{settings}\n[taxpayer]", 1))

    def say(self, *events: tuple[str, str, dict[str, Any]], at: datetime = NOW) -> Recorded:
        """Record (day, type, data) each, in one file."""
        rows = []
        for day, kind, data in events:
            self.count += 1
            rows.append(event(f"e{self.count}", day, kind, **data))
        path = self.root / "events.jsonl"
        path.write_text(lines(rows) if isinstance(lines(rows), str) else "\n".join(json.dumps(row) for row in rows))
        with open_workspace(self.root) as ws:
            return record(ws, [source(str(path))], now=at)

    def asked(self, question: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """What a use case answers in an open workspace."""
        with open_workspace(self.root) as ws:
            return question(ws, *args, **more)

    def papers(self) -> list[tuple[str, str, int]]:
        """Number, kind and total of every document."""
        with open_workspace(self.root) as ws:
            return [(each.number, each.kind, each.gross) for each in Papers(ws.store).invoices()]

    def issued(self, number: str) -> Issued:
        """A document's row."""
        return self.asked(invoices.find, number)

    def text(self, number: str) -> Invoice:
        """What a document says."""
        return self.asked(lambda ws: invoices.content(ws, invoices.find(ws, number)))


def registered(customer: str, **details: Any) -> tuple[str, str, dict[str, Any]]:
    """A person, or whoever `details` say."""
    return ("2026-01-02", "customer.registered", {"customer": customer, **(PERSON | details)})


def sold(
    bundle: str, package_id: str, customer: str = "C-1", day: str = "2026-03-20", **more: Any
) -> tuple[str, str, dict[str, Any]]:
    """A sale."""
    return (day, "bundle.sold", {"bundle": bundle, "package": package_id, "customer": customer, **more})


def paid(payment: str, bundle: str, amount: str, day: str = "2026-03-20", **more: Any) -> tuple[str, str, dict[str, Any]]:
    """A payment by card."""
    data = {"payment": payment, "bundle": bundle, "amount": amount, "method": "card", **more}
    return (day, "payment.received", data)


def used(session: str, bundle: str, day: str = "2026-03-20", **more: Any) -> tuple[str, str, dict[str, Any]]:
    """A session."""
    return (day, "session.completed", {"session": session, "bundle": bundle, **more})
