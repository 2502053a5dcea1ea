"""Sizes of a library: how they are read, printed, asked, and refused."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc

import pytest
from hypothesis import given

from aperture_plugin.testing.word_strategies import sizes
from aperture_plugin.words.library_sizes import Sizes, read_sizes, sizes_text

Refusal = Callable[[Callable[[str], object], str], str]

READ = {
    "under 500": Sizes(at_least=None, below=500),
    "500 to 2000": Sizes(at_least=500, below=2000),
    "2000 and over": Sizes(at_least=2000, below=None),
    "  Under   500 ": Sizes(at_least=None, below=500),
    "0 TO 1": Sizes(at_least=0, below=1),
}

REFUSED = {
    "": """
        no sizes are written [nothing-written]

        ^
        hint: expected under 500, 500 to 2000, or 2000 and over
    """,
    "big": """
        "big" is not a range of sizes [bad-sizes]
        big
        ^^^
        hint: expected under 500, 500 to 2000, or 2000 and over
    """,
    "under": """
        "under" is not a range of sizes [bad-sizes]
        under
        ^^^^^
        hint: expected under 500, 500 to 2000, or 2000 and over
    """,
    "under 0": """
        "under 0" holds no size at all [empty-sizes]
        under 0
        ^^^^^^^
        hint: the first number belongs to the range and the second does not; expected under 500, 500 to
              2000, or 2000 and over
    """,
    "0 to 0": """
        "0 to 0" holds no size at all [empty-sizes]
        0 to 0
        ^^^^^^
        hint: the first number belongs to the range and the second does not; expected under 500, 500 to
              2000, or 2000 and over
    """,
    "5 to 5": """
        "5 to 5" holds no size at all [empty-sizes]
        5 to 5
        ^^^^^^
        hint: the first number belongs to the range and the second does not; expected under 500, 500 to
              2000, or 2000 and over
    """,
    "2000 to 500": """
        "2000 to 500" holds no size at all [empty-sizes]
        2000 to 500
        ^^^^^^^^^^^
        hint: the first number belongs to the range and the second does not; write 500 to 2000
        write: 500 to 2000
    """,
    "500-2000": """
        "500-2000" is not a range of sizes [bad-sizes]
        500-2000
        ^^^^^^^^
        hint: expected under 500, 500 to 2000, or 2000 and over; did you mean "500 to 2000"?
        write: 500 to 2000
    """,
    "between 500 and 2000": """
        "between 500 and 2000" is not a range of sizes [bad-sizes]
        between 500 and 2000
        ^^^^^^^^^^^^^^^^^^^^
        hint: expected under 500, 500 to 2000, or 2000 and over; did you mean "500 to 2000"?
        write: 500 to 2000
    """,
    ">= 2000": """
        ">= 2000" is not a range of sizes [bad-sizes]
        >= 2000
        ^^^^^^^
        hint: expected under 500, 500 to 2000, or 2000 and over; did you mean "2000 and over"?
        write: 2000 and over
    """,
    "over 2000": """
        "over 2000" is not a range of sizes [bad-sizes]
        over 2000
        ^^^^^^^^^
        hint: expected under 500, 500 to 2000, or 2000 and over; did you mean "2000 and over"?
        write: 2000 and over
    """,
    "2000+": """
        "2000+" is not a range of sizes [bad-sizes]
        2000+
        ^^^^^
        hint: expected under 500, 500 to 2000, or 2000 and over; did you mean "2000 and over"?
        write: 2000 and over
    """,
    "2000 or more": """
        "2000 or more" is not a range of sizes [bad-sizes]
        2000 or more
        ^^^^^^^^^^^^
        hint: expected under 500, 500 to 2000, or 2000 and over; did you mean "2000 and over"?
        write: 2000 and over
    """,
    "< 500": """
        "< 500" is not a range of sizes [bad-sizes]
        < 500
        ^^^^^
        hint: expected under 500, 500 to 2000, or 2000 and over; did you mean "under 500"?
        write: under 500
    """,
    "below 500": """
        "below 500" is not a range of sizes [bad-sizes]
        below 500
        ^^^^^^^^^
        hint: expected under 500, 500 to 2000, or 2000 and over; did you mean "under 500"?
        write: under 500
    """,
    "under 1,000": """
        "under 1,000" is not a range of sizes [bad-sizes]
        under 1,000
        ^^^^^^^^^^^
        hint: expected under 500, 500 to 2000, or 2000 and over; did you mean "under 1000"?
        write: under 1000
    """,
    "under many": """
        "many" is not a whole number [bad-number]
        under many
              ^^^^
        hint: expected a whole number from 0 to 1000000000000
    """,
    "under ５00": """
        "５" is not written in the digits 0 to 9 [digits-not-ascii]
        under ５00
              ^
        hint: write "5" with the digits of an English keyboard
        write: under 500
    """,
    "-5 to 10": """
        "-5" is too small [number-out-of-range]
        -5 to 10
        ^^
        hint: expected a whole number from 0 to 1000000000000
    """,
}


@pytest.mark.parametrize("text", READ)
def test_sizes_are_read_as_people_write_them(text: str) -> None:
    assert read_sizes(text) == READ[text]


@given(sizes())
def test_sizes_printed_and_read_again_are_the_same(drawn: Sizes) -> None:
    assert read_sizes(sizes_text(drawn)) == drawn


def test_each_size_is_in_one_of_three_ranges_that_meet() -> None:
    small, medium, large = (read_sizes(text) for text in ("under 500", "500 to 2000", "2000 and over"))

    held = {
        items: [sizes.contains(items) for sizes in (small, medium, large)] for items in (0, 499, 500, 1999, 2000, 10**9)
    }

    assert held == {
        0: [True, False, False],
        499: [True, False, False],
        500: [False, True, False],
        1999: [False, True, False],
        2000: [False, False, True],
        10**9: [False, False, True],
    }


def test_sizes_open_on_both_sides_have_no_words() -> None:
    with pytest.raises(ValueError, match="a lower or an upper end"):
        sizes_text(Sizes(at_least=None, below=None))


@pytest.mark.parametrize("text", REFUSED)
def test_sizes_that_cannot_be_read_say_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_sizes, text) == cleandoc(REFUSED[text])
