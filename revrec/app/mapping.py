"""Somebody else's spreadsheet as a source of events, by way of a mapping file (docs/mapping.md).

Rows are put in order of time. What the mapping makes up itself (sales on the day of first need, their payments) has
the source `mapping.NAME` and ids that follow from the rows, so that the same file read again makes the same events.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from revrec.core import money, units
from revrec.core.book import Catalogue
from revrec.core.bundle import Bundle
from revrec.core.errors import Refused
from revrec.core.events import SessionCancelled, SessionCompleted, SessionNoShow
from revrec.core.policy import Charge, ExpiryFrom, Overage
from revrec.core.sessions import asked, charge_of
from revrec.wire.context import Context
from revrec.wire.csv import Row, place, put, table
from revrec.wire.errors import MappingUnreadable, Problem
from revrec.wire.files import Line
from revrec.wire.kinds import wrong_customer
from revrec.wire.mapping_file import ENVELOPE_FIELDS, RULE, Cell, FieldMapping, Join, RowRule, Sell, cell_columns, load

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

Joined = Mapping[str, Mapping[str, str]]
Made = tuple[dict[str, Any], bool]  # an event, and whether it was invented

EMPTY = Problem("line", RULE, "the file is empty", "its first line names the columns")


class Unmapped(Exception):
    """A row that cannot become an event."""

    def __init__(self, field: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(field, RULE, message, hint)


class Dated(NamedTuple):
    """A row with its instant; `rule` is the one that decides."""

    instant: datetime
    number: int
    cells: Mapping[str, str]
    rule: RowRule


@dataclass(slots=True)
class MappedCsv:
    """A CSV file read through a mapping: a `Source` (`wire/files.py`) whose events are in order of time."""

    mapping: FieldMapping
    path: Path
    catalogue: Catalogue
    context: Context
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def size(self) -> int | None:
        """Bytes on disk."""
        return self.path.stat().st_size

    def lines(self) -> Iterator[Line]:
        """First the rows that cannot become events, with their problems; then the events, in order of time."""
        rows = table(self.path, self.mapping.delimiter, self.mapping.encoding)
        header = next(rows, None)
        if header is None or header.problems:
            yield Line(header.number if header else 1, b"", problems=header.problems if header else (EMPTY,))
            return
        joined = {name: self._joined(join) for name, join in self.mapping.joins.items()}
        self._check_columns(header.cells, joined)
        places = {name: place(i, name) for i, name in enumerate(header.cells)}
        dated: list[Dated] = []
        for row in rows:
            bad = self._take(row, header.cells, joined, dated)
            if bad:
                problems = tuple(problem._replace(field=places.get(problem.field, problem.field)) for problem in bad)
                yield Line(row.number, ",".join(row.cells).encode(), problems=problems)
        dated.sort(key=lambda row: (row.instant, row.number))
        shop = Shop(self.mapping, self.catalogue, self.context, self.skipped)
        columns = {id(rule): _columns(rule, places) for rule in self.mapping.rules}
        for one in dated:
            yield from _lines(one, shop, columns[id(one.rule)], places)

    def _joined(self, join: Join) -> Joined:
        """The rows of the other file, which lies beside this one, by their key."""
        rows = table(self.path.parent / join["file"], self.mapping.delimiter, self.mapping.encoding)
        header = next(rows, None)
        if header is None or join["key"] not in header.cells:
            problem = Problem(
                f"[join] {join['file']}", RULE, f'there is no column "{join["key"]}"', "its first line names the columns"
            )
            raise MappingUnreadable(f"mapping {self.mapping.name}", [problem])
        found = (dict(zip(header.cells, row.cells, strict=False)) for row in rows if not row.problems)
        return {row[join["key"]]: row for row in found}

    def _check_columns(self, header: list[str], joined: Mapping[str, Joined]) -> None:
        """Every column that the mapping names is there."""
        known = set(header)
        for name, rows in joined.items():
            known |= {f"{name}.{column}" for row in rows.values() for column in row}
        missing = {column: where for column, where in self.mapping.columns.items() if column not in known}
        if missing:
            hint = f"{self.name} has: {', '.join(sorted(known))}"
            problems = [Problem(where, RULE, f'there is no column "{column}"', hint) for column, where in missing.items()]
            raise MappingUnreadable(f"mapping {self.mapping.name}", problems)

    def _take(self, row: Row, header: list[str], joined: Mapping[str, Joined], dated: list[Dated]) -> tuple[Problem, ...]:
        """Keep a row that a rule makes an event of, count one that is skipped; answers what is wrong with any other."""
        if row.problems:
            return row.problems
        if len(row.cells) != len(header):
            what = f"{len(row.cells)} cells where the header has {len(header)}"
            return (Problem("line", RULE, what, "a cell that holds a separator or a line end needs quotation marks"),)
        try:
            cells = self._with_joins(dict(zip(header, row.cells, strict=True)), joined)
            rule = self._rule(cells)
            if rule.skip:
                self.skipped[rule.skip] += 1
            else:
                used = {column: cells[column] for cell in rule.fields.values() for column in cell_columns(cell)}
                dated.append(Dated(self._instant(cells), row.number, used, rule))
        except Unmapped as error:
            return (error.problem,)
        return ()

    def _with_joins(self, cells: dict[str, str], joined: Mapping[str, Joined]) -> dict[str, str]:
        for name, join in self.mapping.joins.items():
            other = joined[name].get(cells[join["column"]])
            if other is None:
                what = f'"{cells[join["column"]]}" is not in {join["file"]}'
                raise Unmapped(join["column"], what, f"add it to column {join['key']} there")
            cells |= {f"{name}.{column}": value for column, value in other.items()}
        return cells

    def _rule(self, cells: Mapping[str, str]) -> RowRule:
        for rule in self.mapping.rules:
            if rule.fits(cells):
                return rule
        asked_for = list(dict.fromkeys(column for rule in self.mapping.rules for column, _ in rule.when))
        said = ", ".join(f'{column} = "{cells[column]}"' for column in asked_for)
        raise Unmapped(asked_for[0], f"no [[row]] of the mapping fits {said}", "add one, with an event or a reason to skip")

    def _instant(self, cells: Mapping[str, str]) -> datetime:
        clock = self.mapping.time
        text = " ".join(cells[column] for column in clock["columns"])
        try:
            instant = datetime.strptime(text, clock["format"])  # noqa: DTZ007  the zone follows
        except ValueError:
            raise Unmapped(clock["columns"][0], f'"{text}" is not a time of the form {clock["format"]}') from None
        return instant if instant.tzinfo else instant.replace(tzinfo=self.mapping.zone or self.context.zone)


def mapped(mapping: Path, path: Path, ws: Workspace) -> MappedCsv:
    """A CSV file as a source of events; MappingUnreadable when the mapping file is wrong."""
    return MappedCsv(load(mapping), path, ws.catalogue, ws.context)


def _columns(rule: RowRule, places: Mapping[str, str]) -> Mapping[str, str]:
    """Field of the event -> the column that it comes from."""
    named = {name: next(cell_columns(cell), None) for name, cell in rule.fields.items()}
    return {_path(name): places.get(column, column) for name, column in named.items() if column}


def _path(name: str) -> str:
    return name if name in ENVELOPE_FIELDS else f"data.{name}"


def _lines(row: Dated, shop: Shop, columns: Mapping[str, str], places: Mapping[str, str]) -> Iterator[Line]:
    try:
        for event, invented in shop.events(row):
            yield Line(row.number, event, invented, columns=columns)
    except Unmapped as error:
        problem = error.problem._replace(field=places.get(error.problem.field, error.problem.field))
        yield Line(row.number, ",".join(row.cells.values()).encode(), problems=(problem,))


@dataclass(slots=True)
class Shop:
    """Makes the events of rows, and sells what they need: knows of every bundle that it sold what is left and until when."""

    mapping: FieldMapping
    catalogue: Catalogue
    context: Context
    skipped: Counter[str]
    _sold: dict[str, list[Bundle]] = field(default_factory=lambda: defaultdict(list))

    def events(self, row: Dated) -> Iterator[Made]:
        """(event, whether it was invented) of one row; none when there is nothing to record it on."""
        event = self._event(row)
        if self.mapping.sell and row.rule.draws:
            customer = str(event["data"].pop("customer", ""))
            self._check_customer(customer, row.rule.fields["customer"])
            yield from self._drawn(event, customer, row)
        else:
            yield event, False
        if row.rule.paid:
            yield self._paid(event, row.rule.paid), True

    def _check_customer(self, customer: str, cell: str | Cell) -> None:
        """A sale that the mapping makes up must not be the first to be refused for a wrong row."""
        column = next(cell_columns(cell), "customer")
        if not customer:
            raise Unmapped(column, "the row names no customer", "[sell] must know who needs a bundle")
        if wrong := wrong_customer(customer):
            raise Unmapped(column, *wrong)

    def _event(self, row: Dated) -> dict[str, Any]:
        event: dict[str, Any] = {"specversion": "1.0", "source": self.mapping.source, "type": row.rule.event}
        event["time"] = row.instant.isoformat()
        data: dict[str, Any] = {}
        for name, cell in row.rule.fields.items():
            value = cell if isinstance(cell, str) else _value(cell, row.cells)
            if value and name in ENVELOPE_FIELDS:
                event[name] = value
            elif value:
                put(data, name, value)
        event.setdefault("id", data.get("session", ""))
        return event | {"data": data}

    def _paid(self, visit: dict[str, Any], method: str) -> dict[str, Any]:
        data = visit["data"]
        paid = {"payment": f"PAY-{data.get('session', '')}", "amount": data.get("price", ""), "method": method}
        return self._invented(visit, "payment.received", f"{visit['id']}-paid", paid | {"session": data.get("session", "")})

    def _invented(self, like: dict[str, Any], kind: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
        shared = {key: like[key] for key in ("specversion", "time", "branch") if key in like}
        return shared | {"id": name, "source": f"mapping.{self.mapping.name}", "type": kind, "data": data}

    def _drawn(self, event: dict[str, Any], customer: str, row: Dated) -> Iterator[Made]:
        day = self.context.local_date(event["time"], row.instant)
        bundle = self._alive(customer, day, event)
        if bundle is None and (event["type"] == "session.completed" or self._charged(event, customer, day)):
            bundle = yield from self._sell(event, customer, day)
        bundle = bundle or next(reversed(self._sold[customer]), None)
        if bundle is None:
            self.skipped[f"{event['type']} that costs nothing, of a customer without a bundle"] += 1
            return
        event["data"]["bundle"] = bundle.id
        self._use(bundle, day, event)
        yield event, False

    def _alive(self, customer: str, day: date, event: dict[str, Any]) -> Bundle | None:
        """The oldest bundle of the customer that can take this session."""
        for bundle in self._sold[customer]:
            spills = bundle.left > 0 and bundle.terms.policy.overage is not Overage.REJECT
            if (bundle.left >= _need(bundle, event) or spills) and not bundle.expired(day):
                return bundle
        return None

    def _charged(self, event: dict[str, Any], customer: str, day: date) -> bool:
        """Whether a missed session uses a unit or costs a fee, by the policy of the bundle that it would be recorded on."""
        earlier = self._sold[customer]
        terms = earlier[-1].terms if earlier else self._terms(day)
        charge, fee = charge_of(terms.policy, _missed(event))
        return charge is Charge.DEDUCT or (charge is Charge.FEE and fee > 0 and not earlier)

    def _terms(self, day: date) -> Any:
        sell = self._selling
        try:
            return self.catalogue.terms(sell["package"], day)
        except Refused as error:
            raise Unmapped("[sell], package", str(error)) from None

    @property
    def _selling(self) -> Sell:
        if self.mapping.sell is None:
            raise Unmapped("[sell]", "no [sell] in the mapping")
        return self.mapping.sell

    def _sell(self, event: dict[str, Any], customer: str, day: date) -> Generator[Made, None, Bundle]:
        """Sell a bundle, paid at once; the generator's value is the bundle."""
        terms, sell = self._terms(day), self._selling
        name = f"{sell.get('prefix', 'M')}-{customer}-{day:%Y%m%d}"
        same_day = sum(bundle.sold_on == day for bundle in self._sold[customer])
        name += f"-{same_day + 1}" if same_day else ""
        sold = {"bundle": name, "package": sell["package"], "customer": customer}
        yield self._invented(event, "bundle.sold", f"{name}-sold", sold), True
        package = terms.package
        if package.price:
            amount = money.text(package.price, self.context.currency)
            paid = {"payment": f"PAY-{name}", "amount": amount, "method": sell["method"], "bundle": name}
            yield self._invented(event, "payment.received", f"{name}-paid", paid), True
        bundle = Bundle(
            id=name,
            terms=terms,
            customer=customer,
            branch=event.get("branch"),
            sold_on=day,
            units=package.units + package.bonus_units,
            bonus_units=package.bonus_units,
            price=package.price,
            list_price=package.list_price,
            expiry_event="",
            expiry_source="",
            last_date=day,
            seq=0,
            starts=((day, name),) if terms.policy.expiry_from is ExpiryFrom.PAYMENT else (),
        )
        self._sold[customer].append(bundle)
        return bundle

    def _use(self, bundle: Bundle, day: date, event: dict[str, Any]) -> None:
        """Keep count of what the bundle has left, as the rules will."""
        need = min(_need(bundle, event), bundle.left)
        if not need:
            return
        starts = bundle.starts
        if bundle.terms.policy.expiry_from is ExpiryFrom.FIRST_USE:
            starts = (*starts, (day, event["id"]))
        held = self._sold[bundle.customer]
        held[held.index(bundle)] = bundle._replace(used=bundle.used + need, starts=starts)


def _need(bundle: Bundle, event: dict[str, Any]) -> int:
    """Quanta that an event takes from a bundle; a quantity that makes no sense is left to the check of the event."""
    if event["type"] != "session.completed":
        charge, _ = charge_of(bundle.terms.policy, _missed(event))
        return units.UNIT if charge is Charge.DEDUCT else 0
    data = event["data"]
    try:
        quantity = units.quanta(data["quantity"]) if "quantity" in data else None
        times = [datetime.fromisoformat(data[name]) if name in data else None for name in ("started_at", "ended_at")]
    except (ValueError, InvalidOperation):
        return units.UNIT
    return asked(bundle, SessionCompleted("", quantity=quantity, started_at=times[0], ended_at=times[1]))


def _missed(event: dict[str, Any]) -> SessionCancelled | SessionNoShow:
    if event["type"] == "session.no_show":
        return SessionNoShow("", "")
    try:
        notice = units.quanta(event["data"].get("notice_hours", "0")) // (units.UNIT // 60)
    except (ValueError, InvalidOperation):
        notice = 0
    return SessionCancelled("", "", notice)


def _value(cell: Cell, cells: Mapping[str, str]) -> str:
    """The value that a cell of the mapping makes of a row; an empty column makes none."""
    column = cell["column"]
    text = cells[column].strip()
    if not text:
        return ""
    if "map" in cell:
        if text not in cell["map"]:
            raise Unmapped(column, f'"{text}" is not in the map', f"known: {', '.join(cell['map'])}")
        text = cell["map"][text]
    if "times" in cell or "times_column" in cell:
        factor = _number(cell["times"], column) if "times" in cell else _number(cells[cell["times_column"]], cell["times_column"])
        text = f"{(_number(text, column) * factor).normalize():f}"
    return cell.get("prefix", "") + (_slug(text) if cell.get("slug") else text)


def _number(text: str, column: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise Unmapped(column, f'"{text}" is not a number', "write 1.5, without a currency sign or thousands sign")
    return number


def _slug(text: str) -> str:
    """An id made of a text: `Pista de tenis nº 1` -> `pista-de-tenis-n-1`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
