"""The kinds of value that members of an event may have, each with the words that refuse any other."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, PydanticCustomError, SchemaValidator, core_schema
from stdnum.es import nif
from stdnum.eu import vat

# Lengths stand apart: a bounded repetition makes a slow automaton.
ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
CODE = r"^[A-Za-z0-9._-]+$"
EVENT_ID = r"^[!#-%'-;=?-\[\]-~]+$"  # printable ASCII without space and markup (< > & " \)
URI = r"^[!#-;=?-\[\]_a-z~]+$"  # the characters of RFC 3986
DAY = r"^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
INSTANT = DAY[:-1] + r"[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
MONTH = r"^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])$"
AMOUNT = r"^[0-9]{1,12}(\.[0-9]+)?$"
SIGNED = r"^-?[0-9]{1,12}(\.[0-9]+)?$"
QUANTITY = r"^[0-9]{1,7}(\.[0-9]{1,6})?$"
RATE = r"^[0-9]{1,9}(\.[0-9]{1,9})?$"
SHARE = r"^[0-9](\.[0-9]{1,6})?$"
COUNTRY = r"^[A-Z]{2}$"
CURRENCY = r"^[A-Z]{3}$"
PLAIN = r"^[^\x00-\x1f\x7f<>&]+$"
INVOICE = r"^[A-Za-z0-9][A-Za-z0-9._/-]*$"
REFERENCE = r"^[A-Za-z0-9 ._/:#+-]+$"
LINE = r"^[^\x00-\x1f\x7f]+$"
TEXT = r"^[^\x00-\x08\x0b-\x1f\x7f]+$"
EMAIL = r"^[^\x00-\x20\x7f<>@]+@[^\x00-\x20\x7f<>@]+$"
META_KEY = r"^[a-z][A-Za-z0-9_-]+$"  # what Beancount takes for a key
META_VALUE = r"^[A-Za-z0-9._-]*$"

LENGTH = 64  # of an id, in characters
MAX_QUANTITY = 1_000_000
MAX_AMOUNT = 10**12
_SIGNED = re.compile(SIGNED[1:-1])
_AMOUNT = re.compile(AMOUNT[1:-1])
_QUANTITY = re.compile(QUANTITY[1:-1])
_RATE = re.compile(RATE[1:-1])

# What a text must look like: pattern -> (what it is not, what to write).
WORDS = {
    ID: ("is not an id", "an id is 1 to 64 letters, digits, `.`, `_` or `-` and begins with a letter or digit"),
    CODE: ("is not a code", "1 to 64 letters, digits, `.`, `_` or `-`"),
    EVENT_ID: ("is not an event id", 'printable ASCII without spaces and without < > & " \\, at most 255 characters'),
    URI: ("is not a URI reference", "printable ASCII, at most 255 characters, such as `https://agenda.example/bcn` or `agenda`"),
    DAY: ("is not a date", "write `2026-01-31`; years 1970 to 2199"),
    INSTANT: ("is not an instant with its offset (RFC 3339)", "write `2026-01-31T17:30:00+01:00` or `…Z`; years 1970 to 2199"),
    MONTH: ("is not a month", "write `2026-01`"),
    CURRENCY: ("is not a currency code", "three capital letters of ISO 4217, such as `USD`"),
    COUNTRY: ("is not a country code", "two capital letters of ISO 3166, such as `ES`"),
    PLAIN: ("is not a plain name", "1 to 100 characters on one line, without < > &"),
    INVOICE: ("is not the number of an invoice", "as `revrec invoice list` prints it: F2026-000123"),
    REFERENCE: ("is not a reference", "1 to 140 letters, digits, spaces or . _ / : # + -; no names and no markup"),
    LINE: ("is not a text of one line", "1 to 200 characters"),
    TEXT: ("is not a text", "1 to 200 characters"),
    EMAIL: ("is not an e-mail address", "such as `name@example.org`"),
    META_KEY: ("is not a metadata key", "a small letter first, then 1 to 63 letters, digits, `_` or `-`"),
    META_VALUE: ("is not a metadata value", "at most 64 letters, digits, `.`, `_` or `-`: codes, never text"),
}


def compiled(form: Any) -> SchemaValidator:
    """The compiled check of a form, without the wrapping that pydantic's models need."""
    return SchemaValidator(TypeAdapter(form).core_schema)


class Checked:
    """A kind that a function checks: it answers the canonical text, or raises with words of its own."""

    def __init__(self, check: Any, schema: dict[str, Any]) -> None:
        self.check = check
        self.schema = schema

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.schema


def refuse(kind: str, message: str, hint: str) -> PydanticCustomError:
    """An error of pydantic that carries our own words."""
    return PydanticCustomError(kind, "{message}", {"message": message, "hint": hint})


def amount(value: Any) -> str:
    """A non-negative amount as text; JSON integers are accepted, floats never (events.md 3)."""
    if type(value) is str and _AMOUNT.fullmatch(value):
        return value
    if type(value) is int and 0 <= value < MAX_AMOUNT:
        return str(value)
    raise _not_an_amount(value)


def signed(value: Any) -> str:
    """An amount of `adjustment.posted`: debit positive, credit negative."""
    if type(value) is str and _SIGNED.fullmatch(value):
        return value
    if type(value) is int and -MAX_AMOUNT < value < MAX_AMOUNT:
        return str(value)
    raise _not_an_amount(value, signed=True)


def _not_an_amount(value: Any, *, signed: bool = False) -> PydanticCustomError:
    if type(value) is float:
        what = f"{value} is a floating point number, which cannot hold every cent"
        return refuse("amount", what, f'write it as text: "{value:.2f}"')
    if not signed and ((type(value) is str and _SIGNED.fullmatch(value)) or (type(value) is int and value < 0)):
        return refuse("amount", f"{value} is negative", "amounts have no sign; only `adjustment.posted` has signed ones")
    return refuse("amount", f"{shown(value)} is not an amount", 'write "123.45": at most 12 digits, a point, no thousands sign')


def quantity(value: Any) -> str:
    """A number of units, hours or a share as text, at most six decimals and 1,000,000."""
    if type(value) is int and 0 <= value <= MAX_QUANTITY:
        return str(value)
    if type(value) is str and _QUANTITY.fullmatch(value) and float(value) <= MAX_QUANTITY:
        return value
    if type(value) is float:
        raise refuse("quantity", f"{value} is a floating point number", f'write it as text: "{value}"')
    if (type(value) is int and value < 0) or (type(value) is str and value.startswith("-")):
        raise refuse("quantity", f"{value} is negative", "quantities have no sign")
    raise refuse("quantity", f"{shown(value)} is not a quantity", 'write "1.5": at most six decimals, at most 1,000,000')


def share(value: Any) -> str:
    """A decimal between 0 and 1."""
    text = quantity(value)
    if float(text) > 1:
        raise refuse("share", f"{text} is above 1", 'a share is written "0.90"')
    return text


def rate(value: Any) -> str:
    """What one unit of another currency is worth in the taxpayer's: above 0, at most nine decimals."""
    text = str(value) if type(value) is int else value
    if type(text) is not str or not _RATE.fullmatch(text):
        hint = 'the taxpayer\'s currency for one unit of the other, written "0.9215": at most nine decimals'
        raise refuse("rate", f"{shown(value)} is not a rate of exchange", hint)
    if not text.strip("0."):
        raise refuse("rate", "a rate of 0", "above 0")
    return text


def customer(value: Any) -> str:
    """A customer's id; one that reads as a tax id is refused, for ids stand in the books in the clear."""
    if type(value) is not str or len(value) > LENGTH or not _ID.fullmatch(value):
        raise refuse("id", f"{shown(value)} {WORDS[ID][0]}", WORDS[ID][1])
    if reads_as_tax_id(value):
        raise refuse("tax_id", "a customer id that reads as a tax id", "use a number of your own; the tax id goes into `tax_id`")
    return _no_card(value)


def payment(value: Any) -> str:
    """A payment's id; the number of a card is refused, for ids stand in the books in the clear."""
    if type(value) is not str or len(value) > LENGTH or not _ID.fullmatch(value):
        raise refuse("id", f"{shown(value)} {WORDS[ID][0]}", WORDS[ID][1])
    return _no_card(value)


def _no_card(value: str) -> str:
    if len(value) >= SHORTEST_CARD and (bare := _ISSUED.fullmatch(re.sub(r"[-._]", "", value))) and _luhn(bare[0]):
        raise refuse("card", "an id that reads as a payment card number", "use a number of your own")
    return value


def wrong_customer(value: str) -> tuple[str, str] | None:
    """What is wrong with a customer's id and what to write instead, or None."""
    try:
        customer(value)
    except PydanticCustomError as error:
        context = error.context or {}
        return context["message"], context["hint"]
    return None


_ID = re.compile(ID[1:-1])
_TAX_FORM = re.compile(r"(?:[A-Za-z]{2})?[0-9A-Za-z.-]{8,18}")


@lru_cache(1 << 16)
def reads_as_tax_id(text: str) -> bool:
    """Whether a text passes as a Spanish NIF, NIE or CIF or as a VAT number of an EU country, check digits included."""
    if not _TAX_FORM.fullmatch(text):
        return False
    return bool(nif.is_valid(text)) or (text[:2].isalpha() and bool(vat.is_valid(text)))


def shown(value: Any) -> str:
    """A value as messages quote it: cut at 60 characters, never long enough to carry data along."""
    text = f'"{value}"' if isinstance(value, str) else _JSON.get(type(value), str(value))
    return text if len(text) <= 60 else f'{text[:57]}…"'


_JSON = {dict: "an object", list: "a list", type(None): "null"}

SHORTEST_CARD = 13
# Lengths and first digits of the issued cards: an id may be a long number, and one in ten of those passes the check digit.
_ISSUED = re.compile(r"4[0-9]{12}(?:[0-9]{3}){0,2}|(?:5[1-5]|2[2-7])[0-9]{14}|3[47][0-9]{13}|6(?:011|[45][0-9]{2})[0-9]{12}")
_CARD = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")
# Digests and UUIDs: in one of some two hundred, digits in a row pass that check.
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])(?=[0-9-]*[A-Fa-f])[0-9A-Fa-f-]{32,}(?![0-9A-Za-z])")


def card_number(text: str) -> bool:
    """Whether a text holds 13 to 19 digits that pass the check of payment cards (ISO/IEC 7812-1), outside any digest or UUID."""
    return any(_luhn(found) for found in _CARD.findall(_HEXADECIMAL.sub("", text)))


def _luhn(text: str) -> bool:
    digits = [int(c) for c in reversed(text) if c.isdigit()]
    return sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)) % 10 == 0


def day(text: str) -> date:
    """A date that the pattern let through; ValueError for 30 February."""
    return date.fromisoformat(text)


_NUMBER: dict[str, Any] = {"anyOf": [{"type": "string", "pattern": AMOUNT}, {"type": "integer", "minimum": 0}]}
_SIGNED_NUMBER: dict[str, Any] = {"anyOf": [{"type": "string", "pattern": SIGNED}, {"type": "integer"}]}
_RATE_NUMBER: dict[str, Any] = {"anyOf": [{"type": "string", "pattern": RATE}, {"type": "integer", "minimum": 1}]}
_SHARE: dict[str, Any] = {"anyOf": [{"type": "string", "pattern": SHARE}, {"type": "integer", "minimum": 0, "maximum": 1}]}
_COUNT: dict[str, Any] = {"anyOf": [{"type": "string", "pattern": QUANTITY}, {"type": "integer", "minimum": 0}]}

Id = Annotated[str, Field(pattern=ID, max_length=LENGTH)]
Code = Annotated[str, Field(pattern=CODE, max_length=LENGTH)]
InvoiceNumber = Annotated[str, Field(pattern=INVOICE, max_length=60, description="Of an invoice that these books issued.")]
CustomerId = Annotated[str, Checked(customer, {"type": "string", "pattern": ID, "maxLength": LENGTH})]
PaymentId = Annotated[str, Checked(payment, {"type": "string", "pattern": ID, "maxLength": LENGTH})]
Amount = Annotated[str, Checked(amount, _NUMBER)]
SignedAmount = Annotated[str, Checked(signed, _SIGNED_NUMBER)]
Quantity = Annotated[str, Checked(quantity, _COUNT)]
Share = Annotated[str, Checked(share, _SHARE)]
Rate = Annotated[str, Checked(rate, _RATE_NUMBER)]
Currency = Annotated[str, Field(pattern=CURRENCY)]
Day = Annotated[str, Field(pattern=DAY, json_schema_extra={"format": "date"})]
Instant = Annotated[str, Field(pattern=INSTANT, json_schema_extra={"format": "date-time"})]
Month = Annotated[str, Field(pattern=MONTH)]
Plain = Annotated[str, Field(pattern=PLAIN, max_length=100)]
OneLine = Annotated[str, Field(pattern=LINE, max_length=200)]
Text = Annotated[str, Field(pattern=TEXT, max_length=200)]
