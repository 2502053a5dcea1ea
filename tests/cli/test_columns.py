"""Columns of text under their headings."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as some

from aperture_plugin.cli.columns import Cell, columns

words = some.text(some.characters(codec="ascii", exclude_categories=["Cc"]), max_size=12)


def test_cells_stand_below_their_headings() -> None:
    lines = list(
        columns(("JOB", "TOOK", "NOTE"), [("scan", "3 s", ""), ("user-sync", "12 s", "fine")], right=("TOOK",))
    )

    assert lines == [
        "JOB        TOOK  NOTE",
        "─────────────────────",
        "scan        3 s",
        "user-sync  12 s  fine",
    ]


def test_a_text_in_place_of_a_row_stands_alone() -> None:
    assert list(columns(("A", "B"), [("1", "2"), "  and a remark"]))[2:] == ["1  2", "  and a remark"]


def test_what_does_not_fit_is_cut_at_the_end() -> None:
    assert list(columns(("JOB", "NOTE"), [("scan", "much too long")], width=12))[2:] == ["scan  much …"]


def test_colors_do_not_move_anything() -> None:
    rows: list[tuple[Cell | str, ...]] = [(Cell("scan", "bold cyan"), "x"), ("user-sync", Cell("y", "red"))]

    painted = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in columns(("A", "B"), rows, color=True)]

    assert painted == list(columns(("A", "B"), rows))


@given(some.lists(some.tuples(words, words, words), max_size=5), some.integers(1, 40))
def test_no_line_is_longer_than_the_terminal(rows: list[tuple[str, str, str]], width: int) -> None:
    assert all(len(line) <= width for line in columns(("A", "BB", "CCC"), rows, right=("BB",), width=width))


def test_nothing_in_a_cell_steers_the_terminal() -> None:
    assert list(columns(("A",), [("\x1b[31mred",)]))[2:] == ["\ufffd[31mred"]


def test_letters_that_take_two_cells_are_counted_as_two() -> None:
    lines = list(columns(("JOB", "STATE"), [("備份", "idle"), ("scan", "idle"), ("a", "idle")], width=12))

    assert lines[2:] == ["備份  idle", "scan  idle", "a     idle"]
    assert list(columns(("JOB",), [("備份資料庫",)], width=6))[2] == "備份…"
