"""Parsers of single values: choices, names, counts, and phrases whose cron expression or zone is checked too.

Like the parsers of `words` they take the text of one value and raise `Unreadable`. Those that need only the
text are in `words`; these also need the rest of the file's vocabulary, cron's calendar or the zone database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aperture_plugin.config.layers.zones import read_zone_name
from aperture_plugin.config.model import Streak
from aperture_plugin.words.calendars import Days, HolidaysOf, read_days
from aperture_plugin.words.cron_shape import read_cron
from aperture_plugin.words.days import read_month_day, read_weekdays
from aperture_plugin.words.did_you_mean import meaning, nearest
from aperture_plugin.words.limits import Limit, read_limit
from aperture_plugin.words.names import read_job_name
from aperture_plugin.words.numbers import read_whole_number
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted, read_part
from aperture_plugin.words.phrases import read_phrase
from aperture_plugin.words.schedules import Cron, Schedule, schedules_in
from aperture_plugin.words.tokens import join_with_and, lowered, words_of

if TYPE_CHECKING:
    from aperture_plugin.words.expectations import Expectation

__all__ = [
    "MOST_ATTEMPTS",
    "MOST_AT_ONCE",
    "MOST_FAILURES",
    "NameOf",
    "OneOf",
    "Whole",
    "choice",
    "expectation",
    "read_channel_address",
    "read_checked_cron",
    "read_checked_days",
    "read_checked_limit",
    "read_checked_phrase",
    "read_day",
    "read_host_name",
    "read_streak",
    "read_text",
    "read_variable_name",
    "read_web_address",
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
class OneOf:
    """Takes one of *options*; case and extra spaces do not matter.

    Args:
        what: The key it stands behind, as it goes into the code and the message: `type`, `overlap`.
    """

    what: str
    options: tuple[str, ...]

    def __call__(self, text: str) -> str:
        """Return the option that *text* says."""
        value = " ".join(lowered(text).split())
        if value in self.options:
            return value
        near = nearest(value, self.options) or _SYNONYMS.get((self.what, value))
        begun = [option for option in self.options if option.startswith(f"{value} ")]
        if near is None and len(begun) == 1:
            near = begun[0]
        raise Unreadable(
            f"unknown-{self.what.replace(' ', '-')}",
            f"{quoted(text)} is not {_CALLED.get(self.what, f'a choice for {quoted(self.what)}')}",
            f"expected {join_with_and(list(self.options), 'or')}{meaning(value, near)}",
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


def choice(what: str, options: Iterable[str]) -> OneOf:
    """Return a reader that takes one of *options*, which stand behind the key *what*."""
    return OneOf(what, tuple(map(str, options)))


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
    """Return *text* if it can be the day of a weekly or of a monthly schedule; which of them is decided later.

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


@offers_what_reads
def read_checked_cron(text: str) -> Cron:
    """Return the cron schedule that *text*, five fields, says.

    Raises:
        Unreadable: It says none, or one that never fires.
    """
    schedule = read_cron(text)
    _check(schedule, text, 0)
    return schedule


@offers_what_reads
def read_checked_phrase(text: str) -> Schedule:
    """Return the schedule that the phrase *text* says.

    Raises:
        Unreadable: It says none, or one that never fires.
    """
    schedule = read_phrase(text)
    if any(isinstance(one, Cron) for one in schedules_in(schedule)):
        place = 0
        for written in text.split(";"):
            read_part(text, place, place + len(written), _checked_single)
            place += len(written) + 1
    return schedule


@offers_what_reads
def read_checked_limit(text: str) -> Limit:
    """Return the budget that *text* says.

    Raises:
        Unreadable: It says none, or names a zone that there is not.
    """
    limit = read_limit(text)
    if limit.zone_name is not None:
        start = text.rindex(limit.zone_name)
        try:
            read_zone_name(limit.zone_name)
        except Unreadable as problem:
            raise problem.within(text, start, start + len(limit.zone_name)) from None
    return limit


@offers_what_reads
def read_checked_days(text: str) -> Days:
    """Return the days that *text* names.

    Raises:
        Unreadable: It names none, or the holidays of a country that is not known.
    """
    days = read_days(text)
    if isinstance(days, HolidaysOf):
        from aperture_plugin.triggers.public_holidays import check_holidays  # few files name any

        try:
            check_holidays(days)
        except Unreadable as problem:
            start = max(0, text.upper().find(days.country, len("holidays of")))
            raise problem.within(text, start, len(text.rstrip())) from None
    return days


def _checked_single(text: str) -> Schedule:
    schedule = read_phrase(text)
    if isinstance(schedule, Cron):
        # A comma parts words too: nothing else need stand between the first word and the fields.
        begin = words_of(text)[0].end
        _check(schedule, text, begin + len(text[begin:]) - len(text[begin:].lstrip()))
    return schedule


def _check(schedule: Cron, text: str, start: int) -> None:
    from aperture_plugin.triggers.cron_expression import check_cron

    try:
        check_cron(schedule.expression)
    except Unreadable as problem:
        first = _as_written(text, start, schedule.expression, problem.start)
        last = _as_written(text, start, schedule.expression, problem.start + problem.length - 1)
        instead = None if problem.instead is None else text[:start] + problem.instead
        raise Unreadable(
            problem.code, problem.message, problem.hint, start=first, length=last - first + 1, instead=instead
        ) from None


def _as_written(text: str, start: int, expression: str, place: int) -> int:
    """Return where the character at *place* of the tidied *expression* stands in *text*, as it was written."""
    field = expression.count(" ", 0, place)
    written = [found.start() for found in re.finditer(r"\S+", text[start:])]
    return start + written[field] + place - (expression.rfind(" ", 0, place) + 1)


_STREAK: Final = re.compile(r"([0-9]{1,3})(?:\s+(in a row)|\s+of\s+([0-9]{1,3}))?", re.ASCII)
_ANY_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s/?#]+\S*")
_HOST_NAME: Final = re.compile(r"(?:[\w.-]+(?::[0-9]{1,5})?|\[?[0-9A-Fa-f:.]+\]?(?::[0-9]{1,5})?)")
_HOST_OF_ADDRESS: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([\w.-]+)(?:[:/?#]\S*)?|([\w.-]+)[/?#]\S*")


def read_streak(text: str) -> Streak:
    """Return how many failures, of how many runs, *text* says: `1`, `3 in a row` or `3 of 10`."""
    found = _STREAK.fullmatch(" ".join(lowered(text).split()))
    failures = int(found[1]) if found else 0
    of = int(found[3]) if found and found[3] else failures
    if not 1 <= failures <= of <= MOST_FAILURES:
        expected = f"expected a number of failed runs, such as 1, 3 in a row or 3 of 10; at most {MOST_FAILURES}"
        raise Unreadable("bad-streak", f"{quoted(text)} says no number of failed runs", expected, length=len(text))
    return Streak(failures, of)


def read_web_address(text: str) -> str:
    """Return *text* if it is an address of the web, or is one once its variables are filled in."""
    if "${" not in text and not _WEB_ADDRESS.fullmatch(text):
        raise Unreadable(
            "bad-address",
            f"{quoted(text)} is no address of the web",
            "expected one that begins with https:// or http://",
            length=len(text),
        )
    return text


def read_host_name(text: str) -> str:
    """Return *text* if it is the name of a host as a Host header has it, or is one once its variables are filled in."""
    if "${" not in text and not _HOST_NAME.fullmatch(text):
        address = _HOST_OF_ADDRESS.fullmatch(text)
        raise Unreadable(
            "bad-host",
            f"{quoted(text)} is not the name of a host",
            "expected a name such as media.example.org, without https:// and without a path; list each, as * is none",
            length=len(text),
            instead=None if address is None else address[1] or address[2],
        )
    return text


def read_channel_address(text: str) -> str:
    """Return *text* if it may be an address of Apprise's, or is one once its variables are filled in."""
    if "${" not in text and not _ANY_ADDRESS.fullmatch(text):
        # It may hold a password, so it does not show itself.
        raise Unreadable(
            "bad-address",
            "this is no address that a message can be sent to",
            "expected one of Apprise's, such as mailtos://user:${SMTP_PASSWORD}@example.org or json://host/path",
            length=len(text),
        )
    return text
