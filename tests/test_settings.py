"""revrec.toml: every key is understood, every mistake is named with its line and its remedy."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from revrec import settings
from revrec.core.errors import RevrecError
from revrec.core.journal import Role
from revrec.core.policy import Regime
from revrec.settings import NoWorkspace, Person, Producer, SettingsError, Submission, TaxOffice, Territory, Unfit, VatScheme

LEAST = """\
time_zone = "Europe/Madrid"
currency = "EUR"
[taxpayer]
id = "ES-B64717838"
name = "Centro de Pruebas SL"
"""

FULL = """\
time_zone = "Atlantic/Canary"
currency = "EUR"
database = "sqlite:///data/books.db"
chart_language = "en"
book = "management"
territory = "canary"
sii = true
vat_scheme = "cash"
invoiced_by = "the old program"
signer = "certificate.p12"
keep_years = 10

[taxpayer]
id = "ES-00000000T"
name = "Persona de Prueba"
person = "natural"
address = "Calle Mayor 1"
post_code = "35001"
town = "Las Palmas"
province = "Las Palmas"

[[vat_deductible]]
since = 2027-01-01
share = "0.4"
[[vat_deductible]]
since = 2026-01-01
share = "0.35"

[irpf]
professional = true
[[irpf.rate]]
since = 2027-01-01
rate = "15"
[[irpf.rate]]
since = 2025-01-01
rate = "7"

[methods]
bizum = "psp-clearing"

[series]
invoice = "F"
"""


def load(folder: Path, text: str, **environ: str) -> settings.Settings:
    (folder / "revrec.toml").write_text(text, "utf-8")
    return settings.load(folder, environ)


def test_defaults_follow_from_the_contract(tmp_path):
    found = load(tmp_path, LEAST)
    assert (found.taxpayer, found.country, found.person) == ("ES-B64717838", "ES", Person.LEGAL)
    assert (found.zone.key, found.currency, found.territory) == ("Europe/Madrid", "EUR", Territory.COMMON)
    assert found.database_path == tmp_path / "revrec.db"
    assert found.key_path == tmp_path / "revrec.key"
    assert (found.invoicing_from, found.invoiced_by, found.signer, found.key) == (None, None, None, None)
    assert not found.methods
    assert found.regime == Regime()


def test_the_vat_regime_is_what_postings_follow(tmp_path):
    found = load(tmp_path, FULL)
    assert found.regime == Regime(vat_cash=True, deductible=((date(2026, 1, 1), 350_000), (date(2027, 1, 1), 400_000)))
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1))
    assert [found.regime.share(day) for day in days] == [0, 350_000, 350_000, 400_000]


def test_every_key_is_read(tmp_path):
    found = load(tmp_path, FULL)
    assert (found.person, found.territory, found.vat_scheme) == (Person.NATURAL, Territory.CANARY, VatScheme.CASH)
    assert found.sii
    assert found.database_path == tmp_path / "data/books.db"
    assert found.methods == {"bizum": Role.PSP_CLEARING}
    assert found.invoiced_by == "the old program"
    assert found.signer == tmp_path / "certificate.p12"
    assert found.keep_years == 10
    assert found.series == {"invoice": "F"}
    assert [(rate.since.year, rate.rate) for rate in found.irpf.rates] == [(2025, Decimal(7)), (2027, Decimal(15))]
    assert found.address.town == "Las Palmas"


ISSUING = (
    'invoicing_from = 2027-01-01\nsigner = "certificate.p12"\n'
    + LEAST
    + """
[submission]
environment = "test"
endpoint = "https://127.0.0.1:8443/"
trust = "sandbox/ca.pem"
seal = true
face = "https://127.0.0.1:8444/"
email = "facturas@example.org"

[producer]
name = "Casa de Programas SL"
tax_id = "ES-B12345674"
"""
)


def test_where_documents_go_and_who_made_the_system_are_read(tmp_path):
    found = load(tmp_path, ISSUING)
    assert found.invoicing_from == date(2027, 1, 1)
    assert found.submission == Submission(
        TaxOffice.TEST,
        "https://127.0.0.1:8443/",
        tmp_path / "sandbox/ca.pem",
        True,
        "https://127.0.0.1:8444/",
        "facturas@example.org",
    )
    assert found.producer == Producer("Casa de Programas SL", "ES-B12345674")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('territory = "navarre"', "foral regime of Navarre"),
        ('territory = "basque-araba"', "TicketBAI of Araba"),
        ('territory = "basque-bizkaia"', "Batuz"),
        ('territory = "basque-gipuzkoa"', "TicketBAI of Gipuzkoa"),
        ('territory = "canary"', "IGIC"),
        ('territory = "ceuta-melilla"', "IPSI"),
        ("sii = true", "the SII applies"),
        ('invoiced_by = "another"', "another system issues the invoices"),
    ],
)
def test_issuing_under_another_regime_is_refused_by_name_and_the_books_are_not(tmp_path, line, said):
    with pytest.raises(SettingsError, match=said):
        load(tmp_path, f"{line}\n{ISSUING}")
    assert load(tmp_path, f"{line}\n{LEAST}").invoicing_from is None


def test_an_endpoint_is_protected(tmp_path):
    with pytest.raises(SettingsError, match="https://"):
        load(tmp_path, ISSUING.replace("https://127.0.0.1:8443/", "http://127.0.0.1/"))


def test_the_environment_goes_first(tmp_path):
    found = load(tmp_path, LEAST, REVREC_DATABASE="sqlite:////elsewhere/books.db", REVREC_KEY="secret")
    assert found.database_path == Path("/elsewhere/books.db")
    assert found.key == "secret"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ('currency = "EUR"', 'curency = "EUR"', "revrec.toml", "currency: it is missing"),
        (
            'currency = "EUR"',
            'currency = "EUR"\ncurrancy = "EUR"',
            "revrec.toml:3",
            "currancy: unknown key. Hint: did you mean currency?",
        ),
        ('currency = "EUR"', 'currency = "Euro"', "revrec.toml:2", "is not a currency code"),
        ('currency = "EUR"', "currency = 978", "revrec.toml:2", "978 is not a text in quotes"),
        ('currency = "EUR"', 'currency = "EUR"\nsii = "yes"', "revrec.toml:3", "is not true or false"),
        ('currency = "EUR"', 'currency = "EUR"\nterritory = "madrid"', "revrec.toml:3", "basque-araba"),
        ('currency = "EUR"', 'currency = "EUR"\nchart_language = "fr"', "revrec.toml:3", "write es or en"),
        ('currency = "EUR"', 'currency = "EUR"\ninvoiced_by = " "', "revrec.toml:3", "it is empty"),
        ('currency = "EUR"', 'currency = "EUR"\ninvoicing_from = "2027-01-01"', "revrec.toml:3", "is not a date without quotes"),
        ('currency = "EUR"', 'currency = "EUR"\nsigner_password = "x"', "revrec.toml:3", "REVREC_SIGNER_PASSWORD"),
        ("Europe/Madrid", "Europe/Madird", "revrec.toml:1", "did you mean Europe/Madrid?"),
        (
            'currency = "EUR"',
            'currency = "EUR"\ndatabase = "postgresql://h/d"',
            "revrec.toml:3",
            "refused until the service release",
        ),
        ('currency = "EUR"', 'currency = "EUR"\ndatabase = "mysql://h/d"', "revrec.toml:3", "no database that revrec can use"),
        ("ES-B64717838", "ES-B64717839", "revrec.toml:4", "the check character does not fit the number"),
        ("ES-B64717838", "ES-B647", "revrec.toml:4", "is not a Spanish NIF"),
        ("ES-B64717838", "B64717838", "revrec.toml:4", "is not a tax id with its country"),
        ("ES-B64717838", "ES-b64717838", "revrec.toml:4", "is not a tax id with its country"),
        ("Centro de", "Centro\\nde", "revrec.toml:5", "control character"),
        ("Centro de", "Centro <b>de", "revrec.toml:5", "browsers take for markup"),
        ("[taxpayer]", "[methods]\nbizum = 'bonk'\n[taxpayer]", "revrec.toml:4", "methods.bizum"),
        ("[taxpayer]", "[methods]\nbitcoin = 'bank'\n[taxpayer]", "revrec.toml:4", "methods.bitcoin: unknown key"),
        ("[taxpayer]", "[irpf]\nrate = 15\n[taxpayer]", "revrec.toml:4", "irpf.rate"),
        ("[taxpayer]", "[[irpf.rate]]\nsince = 2026-01-01\nrate = '15 %'\n[taxpayer]", "revrec.toml:5", "is not a percentage"),
        (
            "[taxpayer]",
            "[[vat_deductible]]\nsince = 2026-01-01\nshare = '35'\n[taxpayer]",
            "revrec.toml:5",
            "vat_deductible.share: '35' is not a share",
        ),
        ("[taxpayer]", "[[vat_deductible]]\nsince = 2026-01-01\nshare = '1.1'\n[taxpayer]", "revrec.toml:5", "is not a share"),
        ("[taxpayer]", "[[vat_deductible]]\nshare = '1'\n[taxpayer]", "revrec.toml", "vat_deductible.since: it is missing"),
        ("[taxpayer]", "[vat_deductible]\nshare = '1'\n[taxpayer]", "revrec.toml:3", "vat_deductible: "),
        (
            "[taxpayer]",
            2 * "[[vat_deductible]]\nsince = 2026-01-01\nshare = '1'\n" + "[taxpayer]",
            "revrec.toml:3",
            "two rows begin on 2026-01-01",
        ),
        ('currency = "EUR"', 'currency = "EUR"\nvat_scheme = "flat"', "revrec.toml:3", "general, cash"),
        ("[taxpayer]", "[series]\ninvoice = 'ñ'\n[taxpayer]", "revrec.toml:4", "series.invoice"),
        ("[taxpayer]", "[taxpayer", "revrec.toml", "this is no TOML"),
        ("[taxpayer]\n", "taxpayer = 'ES-B64717838'\n", "revrec.toml:3", "taxpayer"),
    ],
)
def test_a_mistake_is_named_with_file_line_key_and_remedy(tmp_path, old, new, where, said):
    with pytest.raises(SettingsError) as raised:
        load(tmp_path, LEAST.replace(old, new))
    message = str(raised.value)
    assert message.startswith(f"{tmp_path / where}: ")
    assert said in message
    assert "Hint: " in message


def test_postgresql_is_refused_in_the_environment_too(tmp_path):
    with pytest.raises(SettingsError, match="REVREC_DATABASE: PostgreSQL is refused until the service release"):
        load(tmp_path, LEAST, REVREC_DATABASE="postgresql+psycopg://h/d")


def test_a_folder_without_settings_is_no_workspace(tmp_path):
    with pytest.raises(NoWorkspace, match="revrec init") as raised:
        settings.load(tmp_path, {})
    assert isinstance(raised.value, RevrecError)


@pytest.mark.parametrize("taxpayer", ["ES-B64717838", "ES-00000000T", "ES-X0000000T", "FR-40303265045", "MY-C12345678010"])
def test_tax_ids_that_stand(taxpayer):
    assert settings.check_taxpayer(taxpayer) == taxpayer


@pytest.mark.parametrize("taxpayer", ["", "ES", "ES-", "es-B64717838", "ES B64717838", "ES-00000000A", "<b>-1", "FR-40 303"])
def test_tax_ids_that_do_not(taxpayer):
    with pytest.raises(Unfit):
        settings.check_taxpayer(taxpayer)


@pytest.mark.parametrize(
    ("taxpayer", "person"), [("ES-B64717838", "legal"), ("ES-00000000T", "natural"), ("ES-X0000000T", "natural")]
)
def test_a_nif_says_who_holds_it(taxpayer, person):
    assert settings.person_of(taxpayer) == person
