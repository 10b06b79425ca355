"""What an error says, printed: three lines, whatever they quote."""

from __future__ import annotations

from dr_catalog.errors import UsageError


def test_what_is_quoted_adds_no_line_and_no_control_character() -> None:
    error = UsageError("a\nerror: b\x1b[2J", why="c\r", hint="d\ud800")
    assert str(error).splitlines() == ["a\\nerror: b\\x1b[2J", "  why:  c", "  hint: d\\ud800"]


def test_a_reason_may_have_lines_which_stand_under_it() -> None:
    error = UsageError("a", why="b\n  c\n\n        d\n")
    assert str(error).splitlines() == ["a", "  why:  b", " " * 10 + "c", " " * 8 + "d"]


def test_what_is_long_is_cut_in_its_middle() -> None:
    said = str(UsageError(f"--set {'a' * 5000}: not a pair"))
    assert len(said) < 700
    assert said.startswith("--set a")
    assert said.endswith(": not a pair")
