"""Single values, as JSON Schema says them: the words, and what an editor's YAML makes of a bare one.

Aperture reads every value as the text that stands there. An editor takes a bare `1` for a number and `no` for a
boolean, and one of older YAML takes `14:00` for the number 840; each is allowed where that text is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from zoneinfo import available_timezones

from aperture_plugin.config.checked import read_checked_cron, read_checked_limit, read_checked_phrase
from aperture_plugin.config.codes import WARNINGS
from aperture_plugin.config.editors import patterns as p
from aperture_plugin.config.ignoring import read_ignored
from aperture_plugin.config.readers import Choice, NameOf, Whole, expectation, read_day, read_text, read_variable_name
from aperture_plugin.config.shape import Reads
from aperture_plugin.config.zones import LOCAL, read_zone_name
from aperture_plugin.words.durations import read_duration
from aperture_plugin.words.moments import read_moment
from aperture_plugin.words.names import read_job_name
from aperture_plugin.words.numbers import LARGEST_FACTOR, read_factor, read_yes_no
from aperture_plugin.words.sizes import read_sizes
from aperture_plugin.words.times import read_times
from aperture_plugin.words.windows import read_window

__all__ = ["MONTH_DAY", "WEEKDAY", "Form", "form_of", "words"]

Form = dict[str, Any]
"""A part of a JSON Schema."""

_BOOLEAN: Final[Form] = {"type": "boolean"}
_NOT_READ_AS_TEXT: Final[tuple[Form, ...]] = ({"type": "number", "minimum": 0}, _BOOLEAN)
"""What an editor takes a name such as 1, or such as no, for."""
_NAME: Final[Form] = {"type": "string", "pattern": f"^{p.NAME}$"}
_ANY_TEXT: Final[Form] = {"type": ["string", "number", "boolean"]}
_IN_CLOCK_MINUTES: Final[Form] = {"type": "integer", "minimum": 60, "maximum": 24 * 60 - 1}


def words(pattern: str, *, example: str) -> Form:
    """Return a text that is *pattern* as a whole."""
    return {
        "type": "string",
        "pattern": p.whole(pattern),
        "patternErrorMessage": f"expected a value such as: {example}",
    }


WEEKDAY: Final = words(p.WEEKDAYS, example="sunday, weekdays")
MONTH_DAY: Final[Form] = {
    "anyOf": [words(p.MONTH_DAY, example="1, last"), {"type": "integer", "minimum": 1, "maximum": 31}]
}


def form_of(shape: Reads) -> Form:
    """Return what JSON Schema can say of the values that *shape* reads."""
    reader: Any = shape.read_anew
    match reader:
        case Choice(options=options):
            either_case = words(p.any_of(map(p.said, options)), example=shape.example)
            return {"anyOf": [{"enum": list(options)}, either_case]}
        case NameOf():
            return _name(shape.example)
        case Whole(at_least=least, at_most=most):
            text = words(p.up_to(most, least), example=shape.example)
            return {"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, text]}
    if reader in _WORDS:
        return words(_WORDS[reader], example=shape.example)
    return _OTHERS[reader](shape.example)


_WORDS: Final[dict[Callable[[str], Any], str]] = {
    read_checked_cron: p.CRON,
    read_checked_limit: p.LIMIT,
    read_checked_phrase: p.PHRASE,
    read_duration: p.DURATION,
    expectation: p.EXPECTATION,
    read_moment: p.MOMENT,
    read_sizes: p.SIZES,
    read_window: p.WINDOW,
}


def _name(example: str) -> Form:
    told = {**_NAME, "patternErrorMessage": f"expected a name such as: {example}"}
    return {"anyOf": [told, *_NOT_READ_AS_TEXT]}


def _text(_: str) -> Form:
    return {**_ANY_TEXT, "pattern": p.SOMETHING, "patternErrorMessage": "nothing is written between the quotes"}


def _zone(_: str) -> Form:
    return {"enum": [LOCAL, *sorted(available_timezones() - {"localtime"})]}


def _ignored(example: str) -> Form:
    return {"anyOf": [{"enum": sorted(WARNINGS)}, words(p.IGNORED, example=example), *_NOT_READ_AS_TEXT]}


_OTHERS: Final[dict[Callable[[str], Any], Callable[[str], Form]]] = {
    read_job_name: _name,
    read_text: _text,
    str: lambda _: _ANY_TEXT,
    read_zone_name: _zone,
    read_ignored: _ignored,
    read_day: lambda _: {"anyOf": [WEEKDAY, *MONTH_DAY["anyOf"]]},
    read_times: lambda example: {"anyOf": [words(p.TIMES, example=example), _IN_CLOCK_MINUTES]},
    read_factor: lambda example: {
        "anyOf": [{"type": "number", "minimum": 1, "maximum": LARGEST_FACTOR}, words(p.FACTOR, example=example)]
    },
    read_yes_no: lambda example: {"anyOf": [_BOOLEAN, {"enum": [0, 1]}, words(p.YES_NO, example=example)]},
    read_variable_name: lambda example: {
        "anyOf": [{"type": "string", "pattern": f"^{p.VARIABLE}$"}, _BOOLEAN],
        "examples": [example],
    },
}
