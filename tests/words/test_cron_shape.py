"""The shape of cron expressions."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc

import pytest
from hypothesis import given

from aperture_plugin.testing.word_strategies import crons
from aperture_plugin.words.cron_shape import read_cron
from aperture_plugin.words.schedules import Cron

Refusal = Callable[[Callable[[str], object], str], str]

REFUSED = {
    "": """
        no cron expression is written [nothing-written]

        ^
        hint: expected five fields: minute, hour, day of month, month, day of week, such as 0 3 * * 1-5
    """,
    "* * *": """
        the cron expression has 3 fields [cron-fields]
        * * *
        ^^^^^
        hint: expected five fields: minute, hour, day of month, month, day of week, such as 0 3 * * 1-5;
              month is the first that is missing
    """,
    "*": """
        the cron expression has 1 field [cron-fields]
        *
        ^
        hint: expected five fields: minute, hour, day of month, month, day of week, such as 0 3 * * 1-5;
              hour is the first that is missing
    """,
    "* * * * * *": """
        the cron expression has 6 fields [cron-fields]
        * * * * * *
                  ^
        hint: expected five fields of cron, from the minute to the day of the week, without seconds; nearest
              is  cron * * * * *
    """,
    "0 3 * * 1-5 2026": """
        the cron expression has 6 fields [cron-fields]
        0 3 * * 1-5 2026
                    ^^^^
        hint: expected five fields of cron, from the minute to the day of the week, without years; for one
              moment write  once at 2026-12-24 18:00
    """,
    "@daily": """
        "@daily" is a name for a cron expression [cron-macro]
        @daily
        ^^^^^^
        hint: expected the five fields themselves: 0 0 * * *
        write: 0 0 * * *
    """,
    "@dialy": """
        "@dialy" is a name for a cron expression [cron-macro]
        @dialy
        ^^^^^^
        hint: expected the five fields themselves: 0 0 * * *
        write: 0 0 * * *
    """,
    "@reboot": """
        "@reboot" is not a cron expression [cron-macro]
        @reboot
        ^^^^^^^
        hint: there is no schedule at the start of the machine; expected five fields: minute, hour, day of
              month, month, day of week, such as 0 3 * * 1-5
    """,
    "@daily 3": """
        "@daily" is a name for a cron expression [cron-macro]
        @daily 3
        ^^^^^^^^
        hint: expected the five fields themselves: 0 0 * * *
        write: 0 0 * * *
    """,
    "0 3 ? * *": """
        "?" has no place in the cron field "?" [cron-character]
        0 3 ? * *
            ^
        hint: write * where any value will do
        write: 0 3 * * *
    """,
    "0 3 * * mon;fri": """
        ";" has no place in the cron field "mon;fri" [cron-character]
        0 3 * * mon;fri
                   ^
        hint: a field has numbers or names, and * , - / # between them
    """,
    "٣ 3 * * *": """
        "٣" is not written in the digits 0 to 9 [digits-not-ascii]
        ٣ 3 * * *
        ^
        hint: write "3" with the digits of an English keyboard
        write: 3 3 * * *
    """,
}


def test_five_fields_are_kept_in_upper_case_with_single_spaces() -> None:
    assert read_cron("  0 3\t* *   mon-Fri,sun ").expression == "0 3 * * MON-FRI,SUN"


@given(crons())
def test_an_expression_is_read_as_it_stands(cron: Cron) -> None:
    assert read_cron(cron.expression) == cron


@pytest.mark.parametrize("text", REFUSED)
def test_an_expression_of_another_shape_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_cron, text) == cleandoc(REFUSED[text])
