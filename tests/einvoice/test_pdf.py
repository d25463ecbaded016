"""The printed page, read back by programs that know nothing of us: poppler, zbar, qpdf."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from einvoice.model import Category, Invoice, IssuedBy, Payment, Vat
from einvoice.pdf import (
    Attachment,
    AttachmentName,
    Relationship,
    Status,
    UnknownLanguage,
    Unprintable,
    languages,
    receipt,
    render,
)
from einvoice.pdf.words import Words
from einvoice.regimes.verifactu import qr
from tests.einvoice import documents

DPI = 300
XML = Attachment("F2026-000123.xml", "application/xml", "<Factura>ñ €</Factura>\n".encode(), description="Facturae 3.2.2")
BINARY = Attachment("everything.bin", "application/octet-stream", bytes(range(256)) * 3, Relationship.SUPPLEMENT)
KINDS = ("exempt", "taxed", "withheld", "corrective", "substitution", "simplified", "through_agent", "long", "yen")


def run(*command: object) -> str:
    """What an outside program says about a file; where it is missing the test is skipped (and fails in strict mode)."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed (Debian: poppler-utils, zbar-tools, qpdf)")
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def text(tmp_path: Path):
    """The words of a document in reading order, white space made single."""

    def read(data: bytes) -> str:
        (tmp_path / "text.pdf").write_bytes(data)
        return " ".join(run("pdftotext", "-layout", tmp_path / "text.pdf", "-").replace("\u200b", "").split())

    return read


@pytest.fixture
def issued(tmp_path: Path) -> Path:
    """The exempt invoice with its QR code and two files inside."""
    path = tmp_path / "issued.pdf"
    data = render(documents.exempt(), qr_url=documents.URL, legend=qr.LEGEND, attachments=(XML, BINARY))
    path.write_bytes(data)
    return path


def pixels(path: Path) -> tuple[int, int, bytes]:
    """The first page in grey: width, height and one byte a dot."""
    run("pdftoppm", "-r", DPI, "-gray", "-f", 1, "-l", 1, "-singlefile", path, path.with_suffix(""))
    _, size, _, dots = path.with_suffix(".pgm").read_bytes().split(b"\n", 3)
    width, height = map(int, size.split())
    return width, height, dots


def millimetres(dots: float) -> float:
    return dots * 25.4 / DPI


def dot(millimetre: float) -> int:
    return round(millimetre * DPI / 25.4)


def test_the_qr_code_of_the_rendered_page_says_the_expected_address(issued):
    pixels(issued)
    assert run("zbarimg", "-q", "--raw", issued.with_suffix(".pgm")).strip() == documents.URL


def test_the_qr_code_is_32_mm_wide_centred_at_the_top_and_has_6_mm_of_white_around_it(issued, tmp_path):
    width, _, dots = pixels(issued)
    first, reach = dot(105 - 24), dot(48)  # the middle of A4, wider than the code and its white by 2 mm on each side
    strip = [dots[row * width + first : row * width + first + reach] for row in range(dot(100))]
    label, code, legend, *_ = _inked(strip, gap=dot(5))
    columns = _inked(list(zip(*strip[code[0] : code[1]], strict=True)), gap=dot(5))
    assert len(columns) == 1
    left, right = columns[0]
    assert millimetres(right - left) == pytest.approx(32, abs=0.2)
    assert millimetres(code[1] - code[0]) == pytest.approx(32, abs=0.2)
    assert millimetres(first + (left + right) / 2) == pytest.approx(105, abs=0.2)
    assert min(millimetres(code[0] - label[1]), millimetres(legend[0] - code[1])) >= 6
    assert min(millimetres(left), millimetres(reach - right)) >= 6
    cut = tmp_path / "cut.pgm"
    rows = strip[code[0] - dot(5) : code[1] + dot(5)]
    cut.write_bytes(b"P5 %d %d 255\n" % (reach, len(rows)) + b"".join(rows))
    assert run("zbarimg", "-q", "--raw", cut).strip() == documents.URL  # what was measured is the code


def _inked(rows, gap: int) -> list[tuple[int, int]]:
    """Where rows (or columns) of dots have ink: first and behind the last of each group, at least `gap` white ones apart."""
    groups: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        if min(row) >= 128:
            continue
        if groups and number - groups[-1][1] < gap:
            groups[-1] = (groups[-1][0], number + 1)
        else:
            groups.append((number, number + 1))
    return groups


def test_the_words_around_the_qr_code_are_as_large_as_any_other(issued):
    found = run("pdftohtml", "-xml", "-stdout", "-i", "-hidden", issued)
    sizes = {number: int(size) for number, size in re.findall(r'<fontspec id="(\d+)" size="(\d+)"', found)}
    texts = re.findall(r'<text [^>]*font="(\d+)">(.*?)</text>', found)
    largest = max(sizes.values())
    around = {"QR tributario:", "Factura verificable en la sede", "electrónica de la AEAT"}
    assert {words.strip(): sizes[font] for font, words in texts if words.strip() in around} == dict.fromkeys(around, largest)


def test_it_claims_pdf_a_3_and_has_what_that_asks_for(issued, tmp_path):
    run("qpdf", "--check", issued)
    plain = tmp_path / "plain.pdf"
    run("qpdf", "--qdf", "--object-streams=disable", issued, plain)
    inside = plain.read_bytes()
    assert b"<pdfaid:part>3</pdfaid:part>" in inside
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in inside
    assert b"/S /GTS_PDFA1" in inside
    assert b"/Marked true" in inside
    assert b"/Lang (es)" in inside


def test_every_font_is_embedded(issued):
    fonts = [line.split() for line in run("pdffonts", issued).splitlines()[2:]]
    assert fonts
    assert {(font[-5], font[-4], font[-3]) for font in fonts} == {("yes", "yes", "yes")}  # embedded, subset, to Unicode


def test_embedded_files_come_out_as_they_went_in(issued, tmp_path):
    run("pdfdetach", "-saveall", "-o", tmp_path, issued)
    assert (tmp_path / XML.name).read_bytes() == XML.data
    assert (tmp_path / BINARY.name).read_bytes() == BINARY.data


def test_embedded_files_say_what_they_are_to_the_document(issued):
    document = json.loads(run("qpdf", "--json", "--json-key=qpdf", issued))
    found = [one["value"] for one in document["qpdf"][1].values() if isinstance(one.get("value"), dict)]
    specifications = {one["/F"]: one for one in found if one.get("/Type") == "/Filespec"}
    assert {name.removeprefix("u:"): one["/AFRelationship"] for name, one in specifications.items()} == {
        XML.name: "/Alternative",
        BINARY.name: "/Supplement",
    }
    assert specifications[f"u:{XML.name}"]["/Desc"] == "u:Facturae 3.2.2"
    catalogue = next(one for one in found if one.get("/Type") == "/Catalog")
    assert len(catalogue["/AF"]) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_invoice_gives_the_same_bytes(kind):
    invoice: Invoice = getattr(documents, kind)()
    assert render(invoice, qr_url=documents.URL) == render(invoice, qr_url=documents.URL)


def test_it_can_be_asked_for_from_several_threads_at_once():
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: render(documents.exempt()), range(12)))
    assert set(made) == {render(documents.exempt())}


def test_a_full_invoice_has_every_mention_of_article_6(text):
    words = text(render(documents.exempt(), qr_url=documents.URL, legend="VERI*FACTU"))
    for mention in (
        "Factura",
        "F2026-000123",
        "Fecha de expedición",
        "2 de marzo de 2026",
        "Centro de Pruebas SL",
        "NIF B64717838",
        "Calle de la Invención 12, 3.º B",
        "28013 Madrid",
        "María Ejemplo Núñez",
        "NIF 12345678Z",
        "Avenida Imaginaria 7",
        "08001 Barcelona",
        "Bono de 10 sesiones",
        "10 60,00 Exento 600,00",
        "Exento de IVA: LIVA, art. 20.Uno.3.º",
        "Pagado con tarjeta el 2 de marzo de 2026: 600,00 €",
        "Pendiente de pago 0,00 €",
        "QR tributario:",
        "VERI*FACTU",
        "Válido hasta el 1 de marzo de 2027.",
        "Página 1 de 1",
    ):
        assert mention in words


def test_a_taxed_invoice_states_base_and_quota_of_each_rate_and_its_special_scheme(text):
    words = text(render(documents.taxed()))
    for mention in (
        "21 % 2.857,89 600,16",
        "10 % 120,00 12,00",
        "Total factura 3.590,05 €",
        "27 de febrero de 2026",
        "826,4463",
        "Régimen especial del criterio de caja",
        "Cuenta ES91 2100 0418 4502 0005 1332",
    ):
        assert mention in words


def test_income_tax_kept_back_and_money_on_account_lead_to_the_balance(text):
    words = text(render(documents.withheld()))
    for line in (
        "Total factura 1.210,00 €",
        "Retención IRPF 15 % s/ 1.000,00 € −150,00 €",
        "Pagado −500,00 €",
        "Pendiente de pago 560,00 €",
    ):
        assert line in words


def test_a_corrective_names_what_it_corrects_why_and_how(text):
    words = text(render(documents.corrective()))
    for mention in (
        "Factura rectificativa",
        "Rectifica a la factura F2026-000123 de 2 de marzo de 2026.",
        "Motivo: Devolución de 4 sesiones no utilizadas",
        "Clase R1: LIVA, art. 80.Uno, Dos y Seis",
        "Por diferencias",
        "−4 60,00 Exento −240,00",
        "Devuelto con tarjeta el 15 de junio de 2026: 240,00 €",
    ):
        assert mention in words


def test_a_corrective_by_substitution_states_the_amounts_it_takes_the_place_of(text):
    words = text(render(documents.substitution()))
    assert "Por sustitución" in words
    assert "Importes rectificados: base 600,00 €, cuota 0,00 €." in words
    assert "Saldo a favor del cliente 60,00 €" in words


def test_a_simplified_invoice_says_so_and_names_no_customer(text):
    words = text(render(documents.simplified()))
    assert "Factura simplificada" in words
    assert "Cliente" not in words
    assert "49,59 10,41" in words


def test_an_invoice_that_replaces_simplified_ones_names_them(text):
    corrected = documents.corrective().correction
    words = text(render(replace(documents.exempt(), replaces=corrected.references)))
    assert "Sustituye a la factura simplificada F2026-000123 de 2 de marzo de 2026." in words


def test_a_third_party_and_the_centres_of_a_public_administration_are_named(text):
    words = text(render(documents.through_agent()))
    assert "Factura expedida por un tercero en nombre y por cuenta de Centro de Pruebas SL, NIF B64717838" in words
    assert "Plataforma Imaginada SL" in words
    for centre in ("Oficina contable L01999999", "Órgano gestor L01999998", "Unidad tramitadora L01999997"):
        assert centre in words


@pytest.mark.parametrize(
    ("category", "mention"),
    [
        (Category.EXEMPT, "Operación exenta de IVA"),
        (Category.REVERSE_CHARGE, "Inversión del sujeto pasivo"),
        (Category.EXPORT, "Exportación exenta (LIVA, art. 21)"),
        (Category.OUTSIDE, "Operación no sujeta a IVA"),
    ],
)
def test_what_is_not_taxed_says_why_even_without_a_reason_of_its_own(text, category, mention):
    invoice = documents.exempt()
    assert mention in text(render(replace(invoice, vat=(replace(invoice.vat[0], vat=Vat(category, Decimal(0))),))))


def test_an_invoice_issued_by_its_recipient_says_so(text):
    assert "Facturación por el destinatario" in text(render(replace(documents.exempt(), issued_by=IssuedBy.BUYER)))


def test_a_mention_is_printed_only_since_its_law(text):
    early = replace(documents.taxed(), issued_on=date(2013, 12, 31))
    assert "criterio de caja" not in text(render(early))


def test_in_english_the_words_of_the_law_stay_beside_their_translation(text):
    words = text(render(replace(documents.taxed(), language="en")))
    for mention in ("Invoice total €3,590.05", "2 March 2026", "Cash accounting scheme (régimen especial del criterio de caja)"):
        assert mention in words


def test_a_currency_without_decimals_has_none(text):
    words = text(render(documents.yen()))
    assert "10 12,500 Outside 125,000" in words
    assert "Invoice total ¥125,000" in words
    assert "Document 7010001008844 (Japan)" in words


def test_sixty_lines_fill_three_pages_with_the_table_head_and_the_number_on_each(tmp_path):
    path = tmp_path / "long.pdf"
    path.write_bytes(render(documents.long(), qr_url=documents.URL, legend=qr.LEGEND))
    pages = run("pdftotext", "-layout", path, "-").split("\f")[:-1]
    assert len(pages) == 3
    for number, page in enumerate(pages, 1):
        assert f"Página {number} de 3" in page
        assert "F2026-000123" in page
        assert "Precio unitario" in page
    assert ["QR tributario:" in page for page in pages] == [True, False, False]
    assert sum(len(re.findall(r"^Sesión \d+", page, re.MULTILINE)) for page in pages) == 60


def test_long_names_stay_inside_the_margins(tmp_path):
    path = tmp_path / "long.pdf"
    path.write_bytes(render(documents.long()))
    boxes = re.findall(r'<word xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)"', run("pdftotext", "-bbox", path, "-"))
    margin, width = 22 / 25.4 * 72, 210 / 25.4 * 72
    assert min(float(left) for left, _ in boxes) >= margin - 0.5
    assert max(float(right) for _, right in boxes) <= width - margin + 0.5


def test_text_is_never_read_as_markup(text):
    hostile = '#set text(red) *bold* _it_ @ref $x^2$ \\ `raw` <label> = Title // comment #panic("x") [a] {b} {0} {seller}'
    invoice = documents.through_agent()
    odd = replace(invoice, seller=replace(invoice.seller, name=hostile), notes=(hostile,), legal=(hostile,), description=hostile)
    words = text(render(odd, attachments=(replace_description(hostile),)))
    assert words.count(hostile) >= 3


def replace_description(description: str) -> Attachment:
    return XML._replace(description=description)


def test_a_pro_forma_has_neither_number_nor_qr_code(text, tmp_path):
    data = render(documents.taxed(), status=Status.PRO_FORMA, qr_url=documents.URL, legend="VERI*FACTU")
    words = text(data)
    assert "Factura proforma" in words
    assert "no es una factura" in words
    for absent in ("F2026-000123", "QR tributario", "VERI*FACTU"):
        assert absent not in words


@pytest.mark.parametrize(("status", "mark"), [(Status.DUPLICATE, "Duplicado"), (Status.CANCELLED, "Anulada")])
def test_what_is_no_original_is_marked(text, status, mark):
    words = text(render(documents.exempt(), status=status))
    assert mark in words
    assert mark not in text(render(documents.exempt()))


def test_a_receipt_says_what_was_delivered_from_which_bundle_and_that_nothing_is_due(text):
    words = text(receipt(documents.visit()))
    for mention in (
        "Justificante de sesión",
        "No es una factura",
        "Sesión de 50 minutos 1 60,00",
        "14 de abril de 2026",
        "Bono de 10 sesiones B-2026-0031",
        "F2026-000123, 02/03/2026",
        "6 de 10",
        "Pagado con el bono −60,00 €",
        "Saldo a pagar 0,00 €",
    ):
        assert mention in words
    assert "QR tributario" not in words


def test_a_receipt_may_leave_the_value_unsaid(text):
    words = text(receipt(replace(documents.visit(), value=None, language="en")))
    assert "Session receipt" in words
    assert "Not an invoice" in words
    assert "Balance due €0.00" in words
    assert "60" not in words


def test_of_an_account_that_is_debited_only_the_end_is_printed(text):
    words = text(render(documents.long()))
    assert "terminada en 1332" in words
    assert "2100" not in words


@pytest.mark.parametrize("name", ["", "folder/file.xml", "..\\file.xml", "../file.xml"])
def test_an_embedded_file_without_a_plain_name_is_refused(name):
    with pytest.raises(AttachmentName, match="plain file name"):
        render(documents.exempt(), attachments=(XML._replace(name=name),))


def test_two_embedded_files_of_one_name_are_refused():
    with pytest.raises(AttachmentName, match="two files"):
        render(documents.exempt(), attachments=(XML, XML))


def test_a_language_that_is_not_spoken_is_refused_by_name():
    with pytest.raises(UnknownLanguage, match=r"'xx'.*en, es"):
        render(replace(documents.exempt(), language="xx"))


def test_a_character_without_a_glyph_is_refused_by_name():
    with pytest.raises(Unprintable, match=r"F2026-000123.*中"):
        render(replace(documents.exempt(), notes=("中",)))


def test_every_word_is_there_in_every_language():
    words = tomllib.loads((files("einvoice.pdf") / "words.toml").read_text(encoding="utf-8"))
    spoken = set(languages())
    groups = "titles labels receipts statuses corrections categories means units ids countries".split()
    for group in groups:
        assert {key: set(said) for key, said in words[group].items()} == dict.fromkeys(words[group], spoken)
    for literal in words["literals"].values():
        assert literal.keys() >= spoken | {"since", "source"}


@pytest.mark.parametrize(
    ("language", "currency", "value", "written"),
    [
        ("es", "EUR", "-1234567.5", "−1.234.567,50 €"),
        ("en", "EUR", "-1234567.5", "−€1,234,567.50"),
        ("en", "USD", "12", "USD 12.00"),
        ("es", "USD", "0", "0,00 USD"),
        ("es", "JPY", "1000", "1.000 ¥"),
        ("en", "KWD", "1.5", "KWD 1.500"),
        ("es", "EUR", "0.125", "0,125 €"),
    ],
)
def test_amounts_are_written_as_the_language_writes_them_and_lose_no_decimal(language, currency, value, written):
    words = Words(language, currency, date(2026, 3, 2))
    assert words.money(Decimal(value)).replace("\N{NO-BREAK SPACE}", " ") == written


def test_money_still_to_be_paid_and_money_to_be_returned_read_differently(text):
    invoice = documents.substitution()
    due = replace(invoice, payments=(Payment(invoice.payments[0].means, Decimal("60.00")),))
    assert "A pagar con tarjeta: 60,00 €" in text(render(due))
    assert "A devolver por transferencia SEPA: 60,00 €" in text(render(invoice))
