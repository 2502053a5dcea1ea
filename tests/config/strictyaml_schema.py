"""The schema of a file as strictyaml has schemas, so that strictyaml itself can read a file with it.

It costs too much for reading every file (`plain` says how much), and a good file is read without loading it. What it
says of a file, valid or not and with which values, is what we must say: tests hold the two to each other.
"""

from __future__ import annotations

from typing import Any, assert_never

from strictyaml import Any as AnyShape
from strictyaml import Map, MapPattern, Optional, Seq
from strictyaml.scalar import ScalarValidator
from strictyaml.validators import Validator

from aperture_plugin.config.schema.schema_types import (
    Keys,
    Named,
    Nested,
    OneOrMany,
    PhraseOr,
    Reads,
    Reasoned,
    Schedules,
    Shape,
)
from aperture_plugin.words.parse_error import Unreadable

__all__ = ["strict"]


class _Read(ScalarValidator):  # type: ignore[misc]  # strictyaml is not typed
    """One value, read by a reader of ours."""

    def __init__(self, shape: Reads) -> None:
        self._shape = shape

    def validate_scalar(self, chunk: Any) -> Any:
        """Read the scalar as strictyaml asks for it; its driver stops at the first fault."""
        try:
            return self._shape.reader(str(chunk.contents))
        except Unreadable as problem:
            chunk.expecting_but_found(problem.hint, problem.message)


def strict(shape: Shape) -> Validator:
    """Return *shape* as a schema for `strictyaml.load` and `strictyaml.dirty_load`."""
    match shape:
        case Reads():
            return _Read(shape)
        case OneOrMany(item=item):
            return Seq(_Read(item)) | _Read(item)
        case Keys(keys=keys):
            return Map({Optional(key): strict(behind) for key, behind in keys.items()})
        case Named(name=name, value=value):
            return MapPattern(_Read(name), strict(value))
        case Schedules(phrase=phrase, keys=below):
            return Seq(strict(below) | _Read(phrase)) | _Read(phrase)
        case PhraseOr(schedules=schedules, keys=below):
            return strict(below) | strict(schedules)
        case Reasoned(item=item, reason=reason):
            one = MapPattern(_Read(item), _Read(reason), maximum_keys=1) | _Read(item)
            return Seq(one) | _Read(item)
        case Nested():
            return AnyShape()
        case _:
            assert_never(shape)
