"""The table that every report hands out: cells, tie-outs, and what fits on a screen."""

from __future__ import annotations

from dataclasses import replace

from revrec.core.report import WIDTH, Column, Kind, Table, Tie, shown

MONTHS = tuple(Column(f"m{number}", f"Recognised in 2026-{number:02d}") for number in range(1, 13))
WIDE = Table(
    "waterfall",
    "Booked and recognised",
    "EUR",
    (Column("month", "Booked month", Kind.TEXT), *MONTHS),
    (("2026-01", *range(100000, 112000, 1000)), ("2026-02", *[0] * 12)),
    ("Total", *range(100000, 112000, 1000)),
    (Tie("Ledger balance", 5, "closing", 5),),
)


def test_a_percentage_has_two_decimals_in_every_currency():
    assert shown(1234, Kind.PERCENT, "JPY") == "12.34 %"


def test_a_table_too_wide_for_a_screen_goes_on_below_with_its_rows_named_again():
    lines = list(WIDE.lines())
    assert max(map(len, lines)) <= WIDTH
    assert [line for line in lines if line.startswith("2026-01")] == [
        "2026-01     1000.00     1010.00     1020.00     1030.00     1040.00     1050.00     1060.00     1070.00     1080.00",
        "2026-01     1090.00     1100.00     1110.00",
    ]
    assert lines[-1] == "Ledger balance 0.05, closing 0.05, difference 0.00"


def test_a_long_title_stands_on_several_lines_so_that_its_column_is_narrow():
    made = replace(WIDE, columns=WIDE.columns[:2], rows=(("2026-01", 5),), total=("Total", 5))
    assert list(made.lines())[2:8] == [
        "Booked   Recognised",
        "month    in 2026-01",
        "-------  ----------",
        "2026-01        0.05",
        "-------  ----------",
        "Total          0.05",
    ]
