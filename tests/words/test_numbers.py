"""Plain numbers, and yes or no: how they are read, printed, and refused."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.words.numbers import (
    read_factor,
    read_whole_number,
    read_yes_no,
    yes_no_text,
)

Refusal = Callable[[Callable[[str], object], str], str]

NO_WHOLE_NUMBER = {
    "": """
        no number is written [nothing-written]

        ^
        hint: expected a whole number from 1 to 5000
    """,
    "three": """
        "three" is not a whole number [bad-number]
        three
        ^^^^^
        hint: expected a whole number from 1 to 5000
        write: 3
    """,
    "3.0": """
        "3.0" is not a whole number [number-fraction]
        3.0
        ^^^
        hint: expected a whole number from 1 to 5000
    """,
    "1,000": """
        "1,000" is not a whole number [bad-number]
        1,000
        ^^^^^
        hint: expected a whole number from 1 to 5000, without signs between the digits; write 1000
        write: 1000
    """,
    "+3": """
        "+3" is not a whole number [bad-number]
        +3
        ^^
        hint: expected a whole number from 1 to 5000
        write: 3
    """,
    "-3": """
        "-3" is too small [number-out-of-range]
        -3
        ^^
        hint: expected a whole number from 1 to 5000
    """,
    "0": """
        "0" is too small [number-out-of-range]
        0
        ^
        hint: expected a whole number from 1 to 5000
    """,
    "5001": """
        "5001" is too large [number-out-of-range]
        5001
        ^^^^
        hint: expected a whole number from 1 to 5000
    """,
    "99999999999999999999": """
        "99999999999999999999" is too large [number-out-of-range]
        99999999999999999999
        ^^^^^^^^^^^^^^^^^^^^
        hint: expected a whole number from 1 to 5000
    """,
    "３": """
        "３" is not written in the digits 0 to 9 [digits-not-ascii]
        ３
        ^
        hint: write "3" with the digits of an English keyboard
        write: 3
    """,
}

NO_FACTOR = {
    "": """
        no number is written [nothing-written]

        ^
        hint: expected a number from 1 to 1000, such as 2 or 1.5
    """,
    "two": """
        "two" is not a number [bad-number]
        two
        ^^^
        hint: expected a number from 1 to 1000, such as 2 or 1.5
    """,
    "1,5": """
        "1,5" is not a number [bad-number]
        1,5
        ^^^
        hint: expected a number from 1 to 1000, such as 2 or 1.5
        write: 1.5
    """,
    "0.5": """
        "0.5" is too small [number-out-of-range]
        0.5
        ^^^
        hint: expected a number from 1 to 1000, such as 2 or 1.5
    """,
    "1001": """
        "1001" is too large [number-out-of-range]
        1001
        ^^^^
        hint: expected a number from 1 to 1000, such as 2 or 1.5
    """,
    "1e3": """
        "1e3" is not a number [bad-number]
        1e3
        ^^^
        hint: expected a number from 1 to 1000, such as 2 or 1.5
    """,
    "nan": """
        "nan" is not a number [bad-number]
        nan
        ^^^
        hint: expected a number from 1 to 1000, such as 2 or 1.5
    """,
    "２": """
        "２" is not written in the digits 0 to 9 [digits-not-ascii]
        ２
        ^
        hint: write "2" with the digits of an English keyboard
        write: 2
    """,
}

NEITHER = {
    "": """
        neither yes nor no is written [nothing-written]

        ^
        hint: expected yes or no
    """,
    "maybe": """
        "maybe" is neither yes nor no [bad-yes-no]
        maybe
        ^^^^^
        hint: expected yes or no
    """,
    "yess": """
        "yess" is neither yes nor no [bad-yes-no]
        yess
        ^^^^
        hint: expected yes or no; did you mean "yes"?
        write: yes
    """,
    "flase": """
        "flase" is neither yes nor no [bad-yes-no]
        flase
        ^^^^^
        hint: expected yes or no; did you mean "false"?
        write: false
    """,
}


@given(st.integers(0, 10**18 - 1))
def test_a_whole_number_is_read_as_its_digits_say(number: int) -> None:
    assert read_whole_number(f" {number} ") == number
    assert read_whole_number(f"00{number}", at_least=number, at_most=number) == number


@pytest.mark.parametrize("text", NO_WHOLE_NUMBER)
def test_a_text_that_is_no_whole_number_from_1_to_5000_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(lambda said: read_whole_number(said, 1, 5000), text) == cleandoc(NO_WHOLE_NUMBER[text])


def test_a_number_without_an_upper_end_may_be_large_but_not_endless(refusal: Refusal) -> None:
    assert refusal(read_whole_number, "1" * 19) == cleandoc("""
        "1111111111111111111" is too large [number-out-of-range]
        1111111111111111111
        ^^^^^^^^^^^^^^^^^^^
        hint: expected a whole number of 0 or more
    """)


@pytest.mark.parametrize("text", NO_FACTOR)
def test_a_text_that_is_no_factor_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_factor, text) == cleandoc(NO_FACTOR[text])


@pytest.mark.parametrize("answer", [True, False])
def test_yes_and_no_are_read_in_every_word_yaml_has_for_them(answer: bool) -> None:
    words = ["yes", "true", "on", "1", "y"] if answer else ["no", "false", "off", "0", "n"]

    read = [read_yes_no(text) for word in words for text in (word, word.upper(), f" {word.title()} ")]

    assert read == [answer] * len(read)
    assert yes_no_text(answer) == words[0]


@pytest.mark.parametrize("text", NEITHER)
def test_an_answer_that_is_neither_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_yes_no, text) == cleandoc(NEITHER[text])
