"""Readers of the values that only this file has: choices, names, flags, counts.

Like the readers of `words` they take the text of one value and raise `Unreadable`; those that belong to
schedules are there, those that belong to the rest of the file are here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aperture_plugin.words.days import read_month_day, read_weekdays
from aperture_plugin.words.names import read_job_name
from aperture_plugin.words.nearest import meaning, nearest
from aperture_plugin.words.numbers import read_whole_number
from aperture_plugin.words.pieces import join_with_and, lowered
from aperture_plugin.words.unreadable import Unreadable, quoted

if TYPE_CHECKING:
    from aperture_plugin.words.expectations import Expectation

__all__ = [
    "MOST_ATTEMPTS",
    "MOST_AT_ONCE",
    "MOST_FAILURES",
    "Choice",
    "NameOf",
    "Whole",
    "choice",
    "expectation",
    "read_day",
    "read_text",
    "read_variable_name",
]

MOST_AT_ONCE: Final = 10_000
MOST_ATTEMPTS: Final = 1_000
MOST_FAILURES: Final = 100

_CALLED: Final = {"type": "a type of schedule"}
_SYNONYMS: Final = {
    ("type", "every"): "interval",
    ("type", "hourly"): "interval",
    ("type", "minutely"): "interval",
    ("type", "nightly"): "daily",
    ("type", "periodic"): "interval",
    ("type", "date"): "once",
    ("type", "never"): "manual",
    ("type", "none"): "manual",
    ("on failure", "stop"): "pause",
}
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_A_MONTH_DAY: Final = re.compile(r"\s*(?:[+-]?[0-9]|last|the\b|day\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Choice:
    """Takes one of *options*; case and extra spaces do not matter.

    Args:
        what: The key it stands behind, as it goes into the code and the message: `type`, `overlap`.
    """

    what: str
    options: tuple[str, ...]

    def __call__(self, text: str) -> str:
        """Return the option that *text* says."""
        said = " ".join(lowered(text).split())
        if said in self.options:
            return said
        near = nearest(said, self.options) or _SYNONYMS.get((self.what, said))
        begun = [option for option in self.options if option.startswith(f"{said} ")]
        if near is None and len(begun) == 1:
            near = begun[0]
        raise Unreadable(
            f"unknown-{self.what.replace(' ', '-')}",
            f"{quoted(text)} is not {_CALLED.get(self.what, f'a choice for {quoted(self.what)}')}",
            f"expected {join_with_and(list(self.options), 'or')}{meaning(said, near)}",
            length=len(text),
            instead=near,
        )


@dataclass(frozen=True, slots=True)
class NameOf:
    """Takes names that look as jobs' names do, and are called *what* in messages."""

    what: str

    def __call__(self, text: str) -> str:
        """Return the name that *text* is."""
        try:
            return read_job_name(text)
        except Unreadable as problem:
            if problem.code != "bad-job-name":
                raise
            message = problem.message.replace("a job's name", f"{_article(self.what)} {self.what}'s name")
            raise Unreadable(
                f"bad-{self.what}-name",
                message,
                problem.hint,
                start=problem.start,
                length=problem.length,
                instead=problem.instead,
            ) from None


@dataclass(frozen=True, slots=True)
class Whole:
    """Takes whole numbers from *at_least* to *at_most*, both included."""

    at_least: int
    at_most: int

    def __call__(self, text: str) -> int:
        """Return the number that *text* says."""
        return read_whole_number(text, self.at_least, self.at_most)


def choice(what: str, options: Iterable[str]) -> Choice:
    """Return a reader that takes one of *options*, which stand behind the key *what*."""
    return Choice(what, tuple(map(str, options)))


def expectation(text: str) -> Expectation:
    """Return what the sentence *text* expects: see `read_expectation`, which few files need and so is loaded here."""
    from aperture_plugin.words.expectations import read_expectation

    return read_expectation(text)


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


def _article(word: str) -> str:
    return "an" if word[0] in "aeio" else "a"
