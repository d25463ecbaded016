"""A round that fails names its commands and the moments at which they were killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from einvoice.sandbox.aeat import Office, Register
from tests.faults.practice import Clock, Round, told
from tests.faults.run import run


def test_a_failure_tells_what_was_run_when_it_was_killed_and_what_it_said(tmp_path: Path, official: object) -> None:
    clock = Clock()
    place = Round(tmp_path / "books", Office(Register(), clock), clock, [])
    run(place, "--version", kill_after=0)
    run(place, "submit", "--none")
    with pytest.raises(AssertionError) as failure, told(place):
        raise AssertionError
    killed, ran = failure.value.__notes__
    assert killed.startswith("revrec --version, to be killed after 0.000 s: exit -9 after ")
    assert killed.endswith("the clock 0 s ahead: said nothing")
    assert ran.startswith("revrec submit --none, to run to its end: exit 2 after ")
    assert "--none" in ran.partition("ahead: ")[2]
