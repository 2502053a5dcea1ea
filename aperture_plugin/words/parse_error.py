"""The error for a text that cannot be read: what was found, what was expected, and the exact place.

`start` and `length` point into the text that the reader received. A reader that passes a part of its text to another
reader moves the place to that part (`Unreadable.within`), and the reader of the file adds line and column.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.plain_text import invisible_letters

__all__ = ["Unreadable", "mended", "offers_what_reads", "quoted", "read_part", "worth_guessing"]

_Value = TypeVar("_Value")
_More = ParamSpec("_More")

_LONGEST_QUOTE: Final = 60
_LONGEST_OFFER: Final = 200
_MOST_MENDINGS: Final = 4


class Unreadable(ApertureError, ValueError):
    """A text cannot be read as the expected kind of value.

    Attributes:
        code: A stable name that tools can filter, such as `unknown-day`.
        message: The finding, in the person's own words within double quotes. One line, no full stop.
        hint: The expected value, and the nearest name or an example. Never empty.
        start, length: The offending part of the text that was given; *length* is at least 1, and *start* may
            be the end of the text where something is missing there.
        instead: The whole text, corrected so that it can be read; None if no correction is likely.
        beside: Where the text says more than its key takes: the keys that say all of it, with their values.
    """

    beside: tuple[tuple[str, str], ...] = ()

    def __init__(
        self, code: str, message: str, hint: str, *, start: int = 0, length: int = 1, instead: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.start = start
        self.length = max(1, length)
        self.instead = instead

    def within(self, text: str, start: int, end: int) -> Unreadable:
        """Return the same error for *text*, whose part from *start* to *end* could not be read.

        >>> Unreadable("bad-time", "…", "…", instead="2:00 AM").within("daily at 2", 9, 10).instead
        'daily at 2:00 AM'
        """
        instead = None if self.instead is None else text[:start] + self.instead + text[end:]
        return Unreadable(
            self.code, self.message, self.hint, start=start + self.start, length=self.length, instead=instead
        )


def quoted(text: str) -> str:
    r"""Return *text* in double quotes as a message shows it: on one line, and not longer than a person reads.

    >>> quoted("saterday"), quoted("a\tb")
    ('"saterday"', '"a\\tb"')
    """
    shown = text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
    for letter in dict.fromkeys(shown) if not shown.isprintable() or invisible_letters(shown) else ():
        if not letter.isprintable() or invisible_letters(letter):
            shown = shown.replace(letter, letter.encode("unicode_escape").decode("ascii"))
    return f'"{shown}"'


def worth_guessing(text: str) -> bool:
    """Return whether *text* is short enough for a guess at what was meant."""
    return len(text) <= _LONGEST_OFFER


def read_part(text: str, start: int, end: int, reader: Callable[[str], _Value]) -> _Value:
    """Return the value that *reader* reads from the part of *text* from *start* to *end*, without spaces around it.

    Raises:
        Unreadable: The part cannot be read; the place is the one in *text*.
    """
    written = text[start:end]
    start += len(written) - len(written.lstrip())
    written = written.strip()
    try:
        return reader(written)
    except Unreadable as problem:
        raise problem.within(text, start, start + len(written)) from None


def offers_what_reads(reader: Callable[Concatenate[str, _More], _Value]) -> Callable[Concatenate[str, _More], _Value]:
    """Make *reader* offer only an `instead` that it can read itself.

    If a text has several faults, fixing the first one shows the next; the correction continues until all are fixed,
    and is dropped if one cannot be.
    """

    @wraps(reader)
    def reading(text: str, /, *more: _More.args, **named: _More.kwargs) -> _Value:
        try:
            return reader(text, *more, **named)
        except Unreadable as problem:
            offer = problem.instead
            problem.instead = mended(lambda offer: reader(offer, *more, **named), offer)
            if offer is not None and problem.instead is None:
                problem.hint = problem.hint.replace(f'; did you mean "{offer}"?', "")
            raise

    return reading


def mended(reader: Callable[[str], object], offer: str | None) -> str | None:
    """Return *offer*, or what *reader* offers instead of it, as soon as that reads; None where it does not."""
    for _ in range(_MOST_MENDINGS):
        if offer is None or not worth_guessing(offer):
            return None
        try:
            reader(offer)
        except Unreadable as problem:
            offer = problem.instead
        else:
            return offer
    return None
