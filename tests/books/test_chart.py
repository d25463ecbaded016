from __future__ import annotations

import pytest

from revrec.books.chart import Chart, ChartFault, NoAccount, NoChart
from revrec.core.journal import Role

CHART = """\
; A chart as accountants write them.
option "title" "ignored"

2026-01-01 open Assets:Bank  EUR, USD  ; the usual one
  ; a comment of its own
  pgc: "572"
  revrec-role: "bank"  ; role
2026-01-01 open Assets:Bank:Bizum EUR "STRICT"
  revrec-role: "bank"
  revrec-method: "bizum"
2026-01-01 open Assets:Cash
\trevrec-role: "cash"
; another comment

2026-01-01 open Pasivo:Anticipos:Ñandú
  revrec-role: "contract-liability"
2026-01-01 open Income:Sessions
  revrec-role: "revenue-package"
2026-01-01 open Income:Sessions:Madrid
  revrec-branch: "mad"
  revrec-role: "revenue-package"
2026-01-01 open Income:Sessions:Physio
  revrec-role: "revenue-package"
  revrec-service: "physio"
2026-01-01 open Income:Sessions:Madrid:Physio
  revrec-role: "revenue-package"
  revrec-branch: "mad"
  revrec-service: "physio"
2026-01-01 open Expenses:Rent
2026-01-02 balance Assets:Bank 0 EUR
  revrec-role: "not of an account"
"""


@pytest.fixture
def chart():
    return Chart.parse(CHART)


def test_reads_the_roles_and_nothing_else(chart):
    assert chart.roles == {Role.BANK, Role.CASH, Role.CONTRACT_LIABILITY, Role.REVENUE_PACKAGE}
    assert [a.name for a in chart.accounts if a.role is None] == ["Expenses:Rent"]


@pytest.mark.parametrize(
    ("branch", "service", "account"),
    [
        (None, None, "Income:Sessions"),
        ("bcn", "psychology", "Income:Sessions"),
        ("mad", None, "Income:Sessions:Madrid"),
        ("mad", "psychology", "Income:Sessions:Madrid"),
        ("bcn", "physio", "Income:Sessions:Physio"),
        ("mad", "physio", "Income:Sessions:Madrid:Physio"),
    ],
)
def test_the_most_specific_account_that_matches_is_used(chart, branch, service, account):
    assert chart.account(Role.REVENUE_PACKAGE, branch, service) == account


def test_a_method_may_have_its_own_account(chart):
    assert chart.account("bank", "mad", None, "bizum") == "Assets:Bank:Bizum"
    assert chart.account("bank", "mad", None, "transfer") == "Assets:Bank"


def test_of_equals_the_first_in_the_file_is_used():
    chart = Chart.parse('2026-01-01 open Assets:B\n  revrec-role: "bank"\n2026-01-01 open Assets:A\n  revrec-role: "bank"\n')
    assert chart.account("bank") == "Assets:B"


def test_branch_counts_before_service():
    chart = Chart.parse(
        '2026-01-01 open Assets:S\n  revrec-role: "cash"\n  revrec-service: "physio"\n'
        '2026-01-01 open Assets:B\n  revrec-role: "cash"\n  revrec-branch: "mad"\n',
    )
    assert chart.account("cash", "mad", "physio") == "Assets:B"
    assert chart.account("cash") is None


def test_a_role_without_account_is_named(chart):
    assert chart.account("impairment") is None
    with pytest.raises(NoAccount, match=r'chart.beancount: no account has the role "impairment"'):
        chart.need("impairment")


def test_accounts_below_inherit_the_role(chart):
    assert chart.role("Assets:Bank:Bizum:Old") is Role.BANK
    assert chart.role("Income:Sessions:Madrid") is Role.REVENUE_PACKAGE
    assert chart.role("Expenses:Rent:Flat") is None


def test_the_mapping_changes_only_with_the_roles():
    more = Chart.parse(CHART + "2026-01-01 open Expenses:Power\n")
    other = Chart.parse(CHART.replace("Assets:Cash\n", "Assets:Till\n"))
    assert Chart.parse(CHART).mapping == more.mapping != other.mapping


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('2026-01-01 open Assets:A\n  revrec-role: "bnak"\n', r'x.beancount:2: "bnak" is no role. The roles are: bank, cash'),
        ("2026-01-01 open Assets:A\n  revrec-role: bank\n", r"x.beancount:2: revrec-role needs a value in quotes"),
        ('2026-01-01 open Assets:A\n  revrec-role: ""\n', r"x.beancount:2: revrec-role needs a value in quotes"),
        ("2026-01-01 open bank\n", r'x.beancount:1: "bank" is no account name'),
        ("2026-02-30 open Assets:A\n", r"x.beancount:1: 2026-02-30 is no date"),
        ("\n2026-01-01 open Assets:A\n2026-01-01 open Assets:A\n", r"x.beancount:3: Assets:A is opened already on line 2"),
        ('2026-01-01 open Assets:A\n  revrec-branch: "mad"\n', r"x.beancount:1: Assets:A has revrec-branch but no revrec-role"),
        ('2026-01-01 open Assets:A\n  revrec-role: "bank"\n  revrec-role: "cash"\n', r"x.beancount:3: revrec-role stands twice"),
    ],
)
def test_errors_name_file_and_line(text, message):
    with pytest.raises(ChartFault, match=message):
        Chart.parse(text, "x.beancount")


def test_a_missing_or_foreign_file_is_named(tmp_path):
    with pytest.raises(NoChart, match=r"chart.beancount: No such file"):
        Chart.load(tmp_path / "chart.beancount")
    (tmp_path / "chart.beancount").write_bytes(b"\xff\xfe")
    with pytest.raises(NoChart, match=r"is not UTF-8 text \(byte 0\)"):
        Chart.load(tmp_path / "chart.beancount")
