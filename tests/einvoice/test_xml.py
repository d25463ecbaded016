"""XML from outside: what is read, and what is refused under which name."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from einvoice import xml
from einvoice.errors import EinvoiceError

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;"><!ENTITY lol3 "&lol2;&lol2;&lol2;">]>
<lolz>&lol3;</lolz>"""
XXE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
INCLUDE = b'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd" parse="text"/></a>'
HOSTILE = {
    "billion laughs": (LAUGHS, xml.HasDoctype),
    "an external entity": (XXE, xml.HasDoctype),
    "an external entity behind a byte order mark": (b"\xef\xbb\xbf" + XXE, xml.HasDoctype),
    "a document type on another server": (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>', xml.HasDoctype),
    "a document type behind comments": (b'<?xml version="1.0"?><!-- a --> <!-- b -->\n<!DOCTYPE a><a/>', xml.HasDoctype),
    "an undefined entity": (b"<a>&secret;</a>", xml.HasEntity),
    "an undefined entity in an attribute": (b'<a b="&secret;"/>', xml.HasEntity),
    "XInclude": (INCLUDE, xml.ExternalReference),
    "a style sheet": (b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?><a/>', xml.ExternalReference),
    "an instruction inside an amount": (b"<a>10<?x y?>0</a>", xml.ExternalReference),
    "a second root": (b"<a/><a/>", xml.SecondRoot),
    "a text behind the root": (b"<a/>more", xml.SecondRoot),
    "UTF-16": ("<a>ñ</a>".encode("utf-16"), xml.NotUtf8),
    "UTF-16 without a byte order mark": ("<a/>".encode("utf-16-le"), xml.NotUtf8),
    "UTF-32": ("<a/>".encode("utf-32"), xml.NotUtf8),
    "Latin-1 that says so": ('<?xml version="1.0" encoding="ISO-8859-1"?><a>ñ</a>'.encode("latin-1"), xml.NotUtf8),
    "Latin-1 that says UTF-8": ('<?xml version="1.0" encoding="UTF-8"?><a>ñ</a>'.encode("latin-1"), xml.NotUtf8),
    "UTF-7": (b"<?xml version='1.0' encoding='UTF-7'?><a/>", xml.NotUtf8),
    "65 levels": (b"<a>" * 65 + b"</a>" * 65, xml.TooDeep),
    "a million levels": (b"<a>" * 400_000, xml.TooDeep),
    "too many elements": (b"<a>" + b"<b/>" * 1_000_000 + b"</a>", xml.TooBig),
    "too many attributes": (b"<a " + b" ".join(b'a%d=""' % n for n in range(1_000_000)) + b"/>", xml.TooBig),
    "too many bytes": (b"<a>" + b" " * xml.MAX_BYTES + b"</a>", xml.TooBig),
    "nothing": (b"", xml.Malformed),
    "half a document": (b"<a><b>", xml.Malformed),
    "a control character": (b"<a>\x0b</a>", xml.Malformed),
    "the reference of a control character": (b"<a>&#11;</a>", xml.Malformed),
    "an undeclared prefix": (b"<a><x:b/></a>", xml.Malformed),
}


@pytest.mark.parametrize(("data", "mistake"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_is_refused_by_name(data, mistake):
    with pytest.raises(xml.XmlRefused) as caught:
        xml.parse(data, "answer.xml")
    assert type(caught.value) is mistake
    assert str(caught.value).startswith("answer.xml: ")
    assert caught.value.remedy in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"<a/>",
        b"\xef\xbb\xbf<a/>",
        '<?xml version="1.0" encoding="utf-8"?>\n<a>ñ €</a>\n'.encode(),
        b"<a><!-- <!DOCTYPE a> --></a>",
        b"<a/><!-- <!DOCTYPE a> -->",
        b"<a><![CDATA[<!DOCTYPE a> <b/>]]></a>",
        b"<a>&amp;&lt;&#8364;</a>",
        b"<a>" * 64 + b"</a>" * 64,
    ],
)
def test_a_plain_document_is_read(data):
    assert xml.parse(data).tag == "a"


def test_a_comment_hides_no_part_of_a_text():
    assert xml.parse(b"<a>10<!-- -->0.00</a>").text == "100.00"


def test_a_prolog_of_a_megabyte_takes_no_time():
    with pytest.raises(xml.XmlRefused):
        xml.parse(b"<!--" + b"<!-- -- " * 100_000)
    with pytest.raises(xml.XmlRefused):
        xml.parse(b"<!-- -->" * 100_000 + b"<!DOCTYPE a>")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_name(data):
    with suppress(xml.XmlRefused):
        assert xml.parse(b"<a>" + data + b"</a>").tag == "a"


@given(st.text(max_size=50))
def test_an_escaped_text_comes_back_from_an_element_and_an_attribute(text):
    try:
        written = xml.escaped(text)
    except xml.NotText:
        assert any(ord(each) < 32 or ord(each) in {0xFFFE, 0xFFFF} for each in text)
        return
    root = xml.parse(f'<a b="{written}">{written}</a>'.encode())
    assert (root.get("b"), root.text or "") == (text, text)


def test_a_character_that_xml_cannot_hold_is_named():
    with pytest.raises(EinvoiceError, match=r"character 3 of .* is U[+]0000"):
        xml.escaped("ab\0")


def test_written_bytes_keep_every_white_space():
    data = b"<?xml version='1.0' encoding='UTF-8'?>\n<a>\n <b>1</b>\t<c/></a>"
    assert xml.to_bytes(xml.parse(data)) == data


def test_canonical_bytes_of_a_part_carry_the_namespaces_in_scope():
    root = xml.parse(b'<r xmlns="urn:r" xmlns:x="urn:x"><p  b="2" a="1"/></r>')
    assert xml.canonical(root[0]) == b'<p xmlns="urn:r" xmlns:x="urn:x" a="1" b="2"></p>'


def test_an_official_schema_keeps_its_own_entities_and_fetches_nothing():
    root = xml.parse_schema(b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd" [<!ENTITY e "own">]><a>&e;</a>')
    assert etree.tostring(root) == b"<a>own</a>"
