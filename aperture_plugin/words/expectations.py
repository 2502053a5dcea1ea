"""Expectations of a person of a file's schedules, as a sentence: `library-scan before embeddings`.

Four kinds of sentence are read, each of which may end in how long runs are taken to last: `if runs take
30 minutes`. `config/checks/expect/` decides whether one holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Final, assert_never

from aperture_plugin.words.days import read_weekdays, weekdays_text
from aperture_plugin.words.did_you_mean import nearest
from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.durations import duration_text, read_duration
from aperture_plugin.words.names import read_job_name
from aperture_plugin.words.numbers import read_whole_number
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted, read_part
from aperture_plugin.words.phrase_suggestions import expect_word, part
from aperture_plugin.words.schedules import Weekday
from aperture_plugin.words.times import read_time, time_text
from aperture_plugin.words.tokens import Piece, words_of
from aperture_plugin.words.windows import Window

__all__ = [
    "AtMost",
    "Before",
    "Expectation",
    "Nothing",
    "ReadyBy",
    "deadline_of",
    "expectation_text",
    "read_expectation",
]

_MOST_AT_ONCE: Final = 1_000_000
_BEFORE: Final = "library-scan before embeddings"
_NOTHING: Final = "nothing between 6:00 PM and 11:00 PM on friday"
_AT_MOST: Final = "at most 2 at once in default"
_READY: Final = "library-build ready by 6:30 AM"
_TAKE: Final = "if runs take 30 minutes"
_FORMS: Final = f'expected a sentence such as "{_BEFORE}", "{_NOTHING}", "{_AT_MOST}" or "{_READY}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """On each day on which both start, the job *first* starts before the job *then*."""

    first: str
    then: str
    lasting: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """No run starts within *window*, on *days* (all, if there are none), which are those on which it begins."""

    window: Window
    days: tuple[Weekday, ...] = ()
    lasting: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMost:
    """No more than *most* runs are in hand at once in *queue*; in all queues together if it is None."""

    most: int
    queue: str | None = None
    lasting: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyBy:
    """Each run of *job* has ended by the wall time *by*."""

    job: str
    by: time
    lasting: timedelta | None = None


Expectation = Before | Nothing | AtMost | ReadyBy
"""One expectation; `lasting` is the assumed duration of each run, None if none is given."""


@offers_what_reads
def read_expectation(text: str) -> Expectation:
    """Return what the sentence *text* expects; case and extra spaces do not matter.

    Raises:
        Unreadable: It is none of the four kinds, or a part of it cannot be read.

    >>> read_expectation("library-build ready by 6:30 AM")
    ReadyBy(job='library-build', by=datetime.time(6, 30), lasting=None)
    """
    words = words_of(text)
    if not words:
        raise Unreadable("nothing-written", "no expectation is written", _FORMS)
    given = next((place for place, word in enumerate(words) if word.key == "if" and place > 2), len(words))
    lasting = _lasting(text, words[given:])
    end = words[given].start if lasting is not None else len(text)
    return replace(_reader(text, words[:given])(text[:end], words[:given]), lasting=lasting)


def deadline_of(start: datetime, by: time) -> datetime:
    """Return the wall time *by* that a run which starts at the wall time *start* is held to.

    It is that of its own day, or of the next for one in the evening before.

    >>> deadline_of(datetime(2026, 1, 10, 23), time(6, 30)).isoformat()
    '2026-01-11T06:30:00'
    >>> deadline_of(datetime(2026, 1, 10, 7), time(6, 30)).isoformat()
    '2026-01-10T06:30:00'
    """
    own = datetime.combine(start.date(), by)
    return own + timedelta(days=1) if start - own > own + timedelta(days=1) - start else own


def expectation_text(expectation: Expectation) -> str:
    """Return *expectation* as a sentence that reads back as the same.

    >>> expectation_text(read_expectation("NOTHING between 18:00 and 11 PM on Fri"))
    'nothing between 6:00 PM and 11:00 PM on Friday'
    """
    match expectation:
        case Before(first=first, then=then):
            value = f"{first} before {then}"
        case Nothing(window=window, days=days):
            value = f"nothing between {time_text(window.since)} and {time_text(window.until)}"
            value += f" on {weekdays_text(days)}" if days else ""
        case AtMost(most=most, queue=queue):
            value = f"at most {most} at once" + ("" if queue is None else f" in {queue}")
        case ReadyBy(job=job, by=by):
            value = f"{job} ready by {time_text(by)}"
        case _:
            assert_never(expectation)
    lasting = expectation.lasting
    return value if lasting is None else f"{value} if runs take {duration_text(lasting)}"


def _lasting(text: str, words: list[Piece]) -> timedelta | None:
    if not words:
        return None
    example = f"{_READY} {_TAKE}"
    expect_word(text, words, 1, "runs", example=example)
    take = expect_word(text, words, 2, "take", example=example)
    return part(text, take, len(text), read_duration, what="duration", example=example)


def _reader(text: str, words: list[Piece]) -> Callable[[str, list[Piece]], Expectation]:
    """Return the reader for a sentence that begins with *words*. A job may be called `nothing` or `at`."""
    keys = [word.key for word in words]
    if "before" in keys[1:2]:
        return _before
    if "ready" in keys[1:2]:
        return _ready
    if keys[0] == "nothing":
        return _nothing
    if keys[:2] == ["at", "most"]:
        return _at_most
    raise _no_expectation(text, words)


def _before(text: str, words: list[Piece]) -> Before:
    first = read_part(text, 0, words[0].end, read_job_name)
    _name(text, words, 2, "backup", _BEFORE)
    then = read_part(text, words[2].start, words[2].end, read_job_name)
    if first == then:
        raise Unreadable(
            "unknown-expectation",
            f"{quoted(first)} cannot be before itself",
            f"expected the names of two jobs, such as {_BEFORE}",
            start=words[2].start,
            length=len(words[2].text),
        )
    return Before(first=first, then=then)


def _ready(text: str, words: list[Piece]) -> ReadyBy:
    job = read_part(text, 0, words[0].end, read_job_name)
    by = expect_word(text, words, 2, "by", example=_READY)
    return ReadyBy(job=job, by=part(text, by, len(text), read_time, what="time", example=_READY))


def _nothing(text: str, words: list[Piece]) -> Nothing:
    between = expect_word(text, words, 1, "between", example=_NOTHING)
    on = next((word for word in words[2:] if word.key == "on"), None)
    end = len(text.rstrip()) if on is None else on.start
    joint = next((word for word in words[2:] if word.key == "and" and word.start < end), None)
    if joint is None:
        to = next((place for place, word in enumerate(words) if place > 2 and word.key in ("to", "until")), len(words))
        if to < len(words):
            expect_word(text, words, to, "and", example=_NOTHING)
        part(text, between, end, read_time, what="time", example=_NOTHING)
        raise Unreadable(
            "incomplete-phrase",
            f"no second time is written after {quoted(text[between.end : end].strip())}",
            f"write it in full, such as {_NOTHING}",
            start=between.end + 1,
            length=len(text[between.end : end].strip()),
        )
    since = part(text, between, joint.start, read_time, what="time", example=_NOTHING)
    until = part(text, joint, end, read_time, what="time", example=_NOTHING)
    if since == until:
        written = text[words[2].start : end].rstrip()
        raise Unreadable(
            "empty-window",
            f"{quoted(written)} begins and ends at the same time",
            "expected two different times",
            start=words[2].start,
            length=len(written),
        )
    days = () if on is None else part(text, on, len(text), read_weekdays, what="day", example=_NOTHING)
    return Nothing(window=Window(since=since, until=until), days=days)


def _at_most(text: str, words: list[Piece]) -> AtMost:
    if len(words) == 2:
        expect_word(text, words, 2, "2", example=_AT_MOST)
    number = words[2]
    most = read_part(text, number.start, number.end, partial(read_whole_number, at_least=1, at_most=_MOST_AT_ONCE))
    expect_word(text, words, 3, "at", example=_AT_MOST)
    expect_word(text, words, 4, "once", example=_AT_MOST)
    if len(words) == 5:
        return AtMost(most=most)
    expect_word(text, words, 5, "in", example=_AT_MOST)
    # Any word may stand there: one that is no queue's name is none that the file declares.
    return AtMost(most=most, queue=_name(text, words, 6, "default", _AT_MOST))


def _name(text: str, words: list[Piece], place: int, what: str, example: str) -> str:
    """Return the name that is the word at *place*, with which the sentence has to end."""
    if len(words) <= place:
        expect_word(text, words, place, what, example=example)
    if len(words) > place + 1:
        rest = text[words[place + 1].start :].rstrip()
        raise Unreadable(
            "unexpected-words",
            f"{quoted(rest)} follows an expectation that is complete without it",
            f"expected the sentence to end there, as in {example}, or to go on with {_TAKE}",
            start=words[place + 1].start,
            length=len(rest),
            instead=text[: words[place].end],
        )
    return words[place].text


def _no_expectation(text: str, words: list[Piece]) -> Unreadable:
    require_ascii_digits(text)
    instead = _meant(text, words)
    written = text.strip()
    return Unreadable(
        "unknown-expectation",
        f"{quoted(written)} is not an expectation",
        _FORMS if instead is None else f'{_FORMS}; did you mean "{instead.strip()}"?',
        start=len(text) - len(text.lstrip()),
        length=len(written),
        instead=instead,
    )


def _meant(text: str, words: list[Piece]) -> str | None:
    """Return the sentence that a person probably meant: turned round, or with its first or second word mended."""
    keys = [word.key for word in words]
    if len(keys) == 3 and keys[1] == "after":
        return f"{words[2].text} before {words[0].text}"
    if keys[1:3] == ["is", "ready"]:
        return text[: words[1].start] + text[words[2].start :]
    for place, names in ((1, ("before", "ready")), (0, ("nothing", "at"))):
        word = words[place] if place < len(words) else None
        near = None if word is None else nearest(word.text, names)
        if word is not None and near is not None and near != word.key:
            return text[: word.start] + near + text[word.end :]
    return None
