"""Progress: a bar on a terminal, plain lines elsewhere, and few of them."""

from __future__ import annotations

import io

from revrec.app.progress import Bar, Lines, Silent, for_stream


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def lines(pause=5.0):
    clock, out = Clock(), io.StringIO()
    return Lines(out, pause, clock), clock, out


def test_short_work_says_nothing():
    progress, _, out = lines()
    progress.start("recording", 1000)
    progress.step(1000)
    progress.done()
    assert out.getvalue() == ""


def test_long_work_says_a_line_now_and_then_and_one_at_the_end():
    progress, clock, out = lines()
    progress.start("recording", 4000)
    for _ in range(40):
        clock.now += 0.5
        progress.step(100)
    progress.done()
    assert out.getvalue().splitlines() == [
        "recording: 1,000 of 4,000 (25 %)",
        "recording: 2,000 of 4,000 (50 %)",
        "recording: 3,000 of 4,000 (75 %)",
        "recording: 4,000 of 4,000 (100 %)",
        "recording: 4,000 of 4,000 (100 %), done",
    ]


def test_work_of_unknown_length_counts():
    progress, clock, out = lines(pause=0.0)
    clock.now = 1.0
    progress.start("reading")
    progress.step(7)
    assert out.getvalue() == "reading: 7\n"


def test_a_new_stretch_counts_from_the_start():
    progress, _, out = lines(pause=0.0)
    progress.start("one", 2)
    progress.step(2)
    progress.start("two", 2)
    progress.step()
    assert out.getvalue().splitlines()[-1] == "two: 1 of 2 (50 %)"


def test_a_terminal_gets_a_bar():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert isinstance(for_stream(Terminal()), Bar)
    assert isinstance(for_stream(io.StringIO()), Lines)


def test_a_bar_survives_any_order_of_calls():
    bar = Bar(io.StringIO())
    bar.step()
    bar.start("one", 2)
    bar.step()
    bar.start("two")
    bar.done()
    bar.done()


def test_silence():
    silent = Silent()
    silent.start("one")
    silent.step()
    silent.done()
