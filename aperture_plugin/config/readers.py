"""Readers of the values that only this file has: choices, names, flags, counts.

Like the readers of `words` they take the text of one value and raise `Unreadable`; those that belong to
schedules are there, those that belong to the rest of the file are here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from aperture_plugin.words.days import read_month_day, read_weekdays
from aperture_plugin.words.names import read_job_name
from aperture_plugin.words.nearest import did_you_mean, nearest
from aperture_plugin.words.numbers import read_whole_number
from aperture_plugin.words.pieces import join_with_and, lowered
from aperture_plugin.words.unreadable import Unreadable, quoted

if TYPE_CHECKING:
    from aperture_plugin.words.expectations import Expectation

__all__ = [
    "MOST_AT_ONCE",
    "choice",
    "expectation",
    "names_of",
    "read_attempts",
    "read_day",
    "read_text",
    "read_variable_name",
    "read_width",
    "units",
]

MOST_AT_ONCE: Final = 10_000
_MOST_ATTEMPTS: Final = 1_000

_CALLED: Final = {"type": "a type of schedule"}
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_A_MONTH_DAY: Final = re.compile(r"\s*(?:[+-]?[0-9]|last|the\b|day\b)", re.IGNORECASE)


def choice(what: str, options: Iterable[str]) -> Callable[[str], str]:
    """Return a reader that takes one of *options*; case and extra spaces do not matter.

    Args:
        what: The key it stands behind, as it goes into the code and the message: `type`, `overlap`.
    """
    known = tuple(options)

    def read(text: str) -> str:
        said = " ".join(lowered(text).split())
        if said in known:
            return said
        near = nearest(said, known)
        raise Unreadable(
            f"unknown-{what.replace(' ', '-')}",
            f"{quoted(text)} is not {_CALLED.get(what, f'a choice for {quoted(what)}')}",
            f"expected {join_with_and(list(known), 'or')}{did_you_mean(said, known)}",
            length=len(text),
            instead=near,
        )

    return read


def expectation(text: str) -> Expectation:
    """Return what the sentence *text* expects: see `read_expectation`, which few files need and so is loaded here."""
    from aperture_plugin.words.expectations import read_expectation

    return read_expectation(text)


def names_of(what: str) -> Callable[[str], str]:
    """Return a reader of names that look as jobs' names do, and are called *what* in messages."""

    def read(text: str) -> str:
        try:
            return read_job_name(text)
        except Unreadable as problem:
            if problem.code != "bad-job-name":
                raise
            message = problem.message.replace("a job's name", f"{_article(what)} {what}'s name")
            raise Unreadable(
                f"bad-{what}-name",
                message,
                problem.hint,
                start=problem.start,
                length=problem.length,
                instead=problem.instead,
            ) from None

    return read


def read_text(text: str) -> str:
    """Return *text* as it is.

    Raises:
        Unreadable: There is nothing in it.
    """
    if not text.strip():
        hint = "write a text, or take the line out"
        raise Unreadable("nothing-written", "nothing is written between the quotes", hint)
    return text


def read_variable_name(text: str) -> str:
    """Return the name of an environment variable.

    Raises:
        Unreadable: `bad-variable-name`.
    """
    if _VARIABLE.fullmatch(text):
        return text
    bare = text.strip().removeprefix("$").strip("{}")
    raise Unreadable(
        "bad-variable-name",
        f"{quoted(text)} is not the name of an environment variable",
        "a name has letters, digits and underscores and does not begin with a digit, such as TMDB_API_KEY",
        length=len(text),
        instead=bare if _VARIABLE.fullmatch(bare) else None,
    )


def read_day(text: str) -> str:
    """Return *text* if it can be the day of a weekly or of a monthly schedule; which of them is told later.

    Raises:
        Unreadable: It is neither.
    """
    try:
        read_weekdays(text)
    except Unreadable:
        if not _LIKE_A_MONTH_DAY.match(text):
            raise
        read_month_day(text)
    return text


def read_width(text: str) -> int:
    """Return how many runs of a queue may run at once."""
    return read_whole_number(text, 1, MOST_AT_ONCE)


def read_attempts(text: str) -> int:
    """Return how often a job is tried in all."""
    return read_whole_number(text, 1, _MOST_ATTEMPTS)


def units(at_most: int) -> Callable[[str], int]:
    """Return a reader of the number of hours, minutes or seconds of an interval."""
    return lambda text: read_whole_number(text, 1, at_most)


def _article(word: str) -> str:
    return "an" if word[0] in "aeio" else "a"
