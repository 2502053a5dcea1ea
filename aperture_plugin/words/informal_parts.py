"""Collects what the tokens of an informal schedule say: times, days, lengths and ordinals, in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Final

from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.informal_lexicon import LAST, WORKDAYS, Kind, Token
from aperture_plugin.words.schedules import Weekday

__all__ = ["InformalParts", "parsed_parts"]

_BETWEEN: Final = frozenset({"fill", "every"})
_SHORT: Final = frozenset({"second", "minute", "hour", "day", "week", "fortnight"})
_LAST_HOUR: Final = 23
_CLEAR_FROM: Final = 13
"""The first hour that can only be of a clock of 24 hours."""


@dataclass(slots=True)
class InformalParts:
    """The parts that the tokens of a text name, in any order."""

    times: list[time] = field(default_factory=list)
    hours: list[int] = field(default_factory=list)
    days: set[Weekday] = field(default_factory=set)
    ordinals: list[int] = field(default_factory=list)
    month_days: list[int] = field(default_factory=list)
    months: list[int] = field(default_factory=list)
    lengths: list[tuple[float, str]] = field(default_factory=list)
    pasts: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    workday: bool = False
    bare_day: bool = False
    biweekly: bool = False
    starting: bool = False
    order: str = ""
    """The sequence of times (T) and days of the week (D), each run of equal ones once."""

    def note(self, kind: str) -> None:
        """Note in `order` that a time or a day was read."""
        if not self.order.endswith(kind):
            self.order += kind

    @property
    def says_times(self) -> bool:
        """True if a time of day is named, clear or not."""
        return bool(self.times or self.hours)


def parsed_parts(tokens: Sequence[Token]) -> InformalParts | None:
    """Return what *tokens* say; None where they do not fit together."""
    return _Collector(tokens).collected()


class _Nonsense(ApertureError):
    """The tokens do not fit together."""


class _Collector:
    """Goes through the tokens once, from left to right."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._parts = InformalParts()
        self._monthly = any(token.value == "month" for token in tokens if token.kind in {"unit", "freq"})
        self._place = 0
        self._at = False
        """True if `at` stands before the present token."""
        self._count: float | None = None
        """A number whose unit follows."""
        self._ordinal: int | None = None
        """An ordinal whose unit follows."""

    def collected(self) -> InformalParts | None:
        """Return what all tokens say; None where they do not fit together."""
        try:
            while self._place < len(self._tokens):
                token = self._tokens[self._place]
                self._place += 1
                self._take(token)
        except _Nonsense:
            return None
        return self._parts if self._count is None and self._ordinal is None else None

    def _take(self, token: Token) -> None:
        match token.kind:
            case "fill" | "every" | "and":
                return
            case "at" | "after":
                self._at = True
                self._parts.starting |= token.kind == "after"
                return
        taker = _TAKERS.get(token.kind)
        if taker is None:
            raise _Nonsense
        taker(self, token)
        if token.kind not in {"time", "hour", "number"}:
            self._at = False

    @property
    def _next(self) -> Token:
        """The next token that is no mere filler."""
        rest = (token for token in self._tokens[self._place :] if token.kind not in _BETWEEN)
        return next(rest, Token("end"))

    @property
    def _after_every(self) -> bool:
        return self._place > 1 and self._tokens[self._place - 2].kind == "every"

    def _time(self, token: Token) -> None:
        assert isinstance(token.value, time)
        if token.word == "clock" and self._after_every:
            raise _Nonsense
        self._parts.times.append(token.value)
        self._parts.note("T")

    def _hour(self, token: Token) -> None:
        assert isinstance(token.value, int)
        self._parts.hours.append(token.value)
        self._parts.note("T")

    def _number(self, token: Token) -> None:
        value, text = token.value, self._parts
        assert isinstance(value, int | float)
        if self._next.kind in {"unit", "freq"}:
            if not self._at or self._next.value != "hour":
                self._count = value
                return
            if not isinstance(value, int) or value > _LAST_HOUR:
                raise _Nonsense
            self._place = self._tokens.index(self._next, self._place) + 1
            self._time(Token("time", time(value)))
            return
        of_a_month = self._next.kind == "month" or (text.months and not text.month_days)
        if of_a_month or ((text.bare_day or self._monthly) and not self._at and not text.days):
            text.month_days.append(int(value))
        elif self._after_every or not isinstance(value, int):
            raise _Nonsense
        else:
            self._bare(value)

    def _bare(self, value: int) -> None:
        """Take a number alone: an hour of the day, or minutes past each hour."""
        if self._parts.lengths == [(1, "hour")] and (value == 0 or _CLEAR_FROM <= value < 60):
            self._parts.pasts.append(value)
        elif value == 0 or _CLEAR_FROM <= value <= _LAST_HOUR:
            self._time(Token("time", time(value)))
        elif value < _CLEAR_FROM:
            self._hour(Token("hour", value))
        else:
            raise _Nonsense

    def _unit(self, token: Token) -> None:
        unit, value, ordinal = token.value, self._parts, self._ordinal
        assert isinstance(unit, str)
        count, self._count, self._ordinal = self._count, None, None
        if count is None and ordinal is None:
            self._uncounted(token)
        if ordinal is not None and unit == "day" and (self._monthly or ordinal in {1, LAST}):
            value.month_days.append(ordinal)
        elif ordinal is not None:
            value.lengths.append((ordinal, unit))
        elif unit == "day" and count is None and not self._after_every and self._next.kind in {"number", "ordinal"}:
            value.bare_day = True
        elif unit == "fortnight" and token.kind == "freq":
            value.lengths.append((2, "week"))
        else:
            value.lengths.append((1 if count is None else count, unit))

    def _uncounted(self, token: Token) -> None:
        """Refuse a unit without a number that neither `every` nor `twice` goes with, and one beside another."""
        here = (1 if token.value != "fortnight" else 2, "week" if token.value == "fortnight" else token.value)
        if any(length not in {here, (1, "month"), (1, "year")} for length in self._parts.lengths):
            raise _Nonsense
        beside = {"every", "count", "freq", "part"}
        alone = token.kind == "unit" and token.value in _SHORT and self._next.kind not in {"number", "ordinal"}
        if alone and not any(one.kind in beside for one in self._tokens):
            raise _Nonsense

    def _part(self, token: Token) -> None:
        assert isinstance(token.value, str)
        self._parts.parts.append(token.value)
        self._parts.lengths.append((1, "day"))

    def _nth(self, token: Token) -> None:
        value, following = token.value, self._next
        assert isinstance(value, int)
        if token.word == "second" and self._is_a_unit(following):
            self._unit(Token("unit", "second"))
        elif following.kind in {"days", "workday"}:
            self._parts.ordinals.append(value)
        elif following.kind == "unit" and following.value != "month":
            self._ordinal = value
        elif token.word and not self._monthly:
            raise _Nonsense
        else:
            self._parts.month_days.append(value)

    def _is_a_unit(self, following: Token) -> bool:
        """Return whether `second` is the unit of time, and not the second of what follows."""
        if self._count is not None:
            return True
        return self._after_every and not self._monthly and following.kind not in {"days", "workday", "unit"}

    def _other(self, token: Token) -> None:
        del token
        if self._next.kind == "days":
            self._parts.lengths.append((2, "week"))
        elif self._next.kind == "unit":
            self._count = 2
        else:
            raise _Nonsense

    def _days(self, token: Token) -> None:
        days = token.value
        assert isinstance(days, frozenset)
        if self._next.kind == "to":
            end = next((one for one in self._tokens[self._place + 1 :] if one.kind not in _BETWEEN), Token("end"))
            if end.kind != "days" or not isinstance(end.value, frozenset) or len(days) + len(end.value) != 2:
                raise _Nonsense
            [first], [last] = days, end.value
            days = frozenset(Weekday((first + n) % 7) for n in range((last - first) % 7 + 1))
            self._place = self._tokens.index(end, self._place) + 1
        self._parts.days |= days
        self._parts.note("D")

    def _workday(self, token: Token) -> None:
        del token
        if self._parts.ordinals:
            self._parts.workday = True
        else:
            self._parts.days |= WORKDAYS
        self._parts.note("D")

    def _month(self, token: Token) -> None:
        assert isinstance(token.value, int)
        self._parts.months.append(token.value)

    def _past(self, token: Token) -> None:
        assert isinstance(token.value, int)
        self._parts.pasts.append(token.value)

    def _times(self, token: Token) -> None:
        assert isinstance(token.value, int)
        self._parts.counts.append(token.value)

    def _biweekly(self, token: Token) -> None:
        del token
        self._parts.biweekly = True


_TAKERS: Final[dict[Kind, Callable[[_Collector, Token], None]]] = {
    "biweekly": _Collector._biweekly,
    "count": _Collector._times,
    "days": _Collector._days,
    "freq": _Collector._unit,
    "hour": _Collector._hour,
    "month": _Collector._month,
    "number": _Collector._number,
    "ordinal": _Collector._nth,
    "other": _Collector._other,
    "part": _Collector._part,
    "past": _Collector._past,
    "time": _Collector._time,
    "unit": _Collector._unit,
    "workday": _Collector._workday,
}
