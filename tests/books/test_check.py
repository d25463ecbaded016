"""Beancount's verdict, from a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from small_practice import MAIN, earned, files, made, paid, two_years

from revrec.books import check as check_module
from revrec.books.check import check

SALE = [paid(1, "2026-01-10", "B-1"), earned(2, "2026-01-12", "B-1", "S-1")]


def test_a_sound_book_has_no_findings_and_nothing_is_left_beside_it(tmp_path):
    main = made(tmp_path, two_years())
    before = files(tmp_path)
    assert check(main) == ()
    assert files(tmp_path) == before
    assert not list(tmp_path.glob(".*"))


def test_a_finding_names_file_and_line_from_the_workspace(tmp_path):
    (finding,) = check(made(tmp_path, [*SALE, earned(3, "2026-01-13", "B-1", "S-1")]))
    assert (finding.code, finding.where) == ("books.beancount", "journal/2026/2026-01-13.beancount:3")
    assert "session S-1 earned on 2 unreversed transactions" in finding.message


def test_what_beancount_cannot_read_is_a_finding(tmp_path):
    main = made(tmp_path, SALE)
    main.write_text(MAIN + "nonsense here\n")
    assert {(f.code, f.where) for f in check(main)} == {("books.beancount", "main.beancount:7")}


def test_without_beancount_it_says_so(tmp_path, monkeypatch):
    """A folder in front of the path whose `beancount` cannot be imported, as on a machine without it."""
    main = made(tmp_path / "books", SALE)
    (tmp_path / "path").mkdir()
    (tmp_path / "path/beancount.py").write_text("raise ModuleNotFoundError(name='beancount')\n")
    monkeypatch.setattr(check_module.sys, "path", [str(tmp_path / "path"), *sys.path])
    (finding,) = check(main)
    assert finding.code == "books.no-beancount"
    assert "pip install 'revrec[fava]'" in finding.hint


def test_a_load_that_dies_is_a_finding(tmp_path):
    missing = tmp_path / "main.beancount"
    (finding,) = check(missing)
    assert finding.code in {"books.beancount", "books.unreadable"}
    assert str(Path.home()) not in finding.where


def test_a_plugin_that_is_gone_is_named_in_one_line(tmp_path):
    main = made(tmp_path, SALE)
    main.write_text('plugin "not_there"\n' + main.read_text())
    (finding,) = check(main)
    assert "not_there" in finding.message
    assert "Traceback" not in finding.message
    assert "File " not in finding.message
