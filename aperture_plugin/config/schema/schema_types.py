"""The vocabulary the schema is written in: what may stand behind a key.

`schema/validate` checks light nodes against it: with exact places, all faults at once, in linear time. The tests
make an ordinary strictyaml schema of it too (`strictyaml_schema`), and hold what we read to what strictyaml reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

__all__ = ["Keys", "Named", "Nested", "OneOrMany", "PhraseOr", "Reads", "Reasoned", "Schedules", "Shape"]

_REMEMBERED: Final = 4096


class Reads:
    """One value, read by a reader of `words`.

    Args:
        reader: Takes the text; raises `Unreadable`.
        example: An example of such a value, for hints.

    Attributes:
        reader: Remembers what it has read.
        read_anew: The reader as it was given, which identifies the kind of value.
    """

    def __init__(self, reader: Callable[[str], Any], example: str) -> None:
        # Equal texts mean equal values, and a file has few different ones: reading each once also shares them.
        self.reader = lru_cache(maxsize=_REMEMBERED)(reader)
        self.read_anew = reader
        self.example = example


class OneOrMany:
    """One value, or a list of such values.

    Args:
        item: The shape of each of them.
        may_be_empty: True if `[]` says something: none at all, whatever lower layers say.
        may_repeat: True if equal items may stand in the list.
    """

    def __init__(self, item: Reads, *, may_be_empty: bool = False, may_repeat: bool = False) -> None:
        self.item = item
        self.may_be_empty = may_be_empty
        self.may_repeat = may_repeat


class Keys:
    """Keys with names of ours, each at most once, none needed.

    Args:
        keys: The shape of the value behind each.
        what: The name of what they are keys of, for messages: `a job`.
        elsewhere: The proper place of keys that are none of these, but might be taken for them.
        otherwise: The hint for a key that is not even like one; the keys themselves if left out.
    """

    def __init__(
        self, keys: Mapping[str, Shape], what: str, *, elsewhere: Mapping[str, str] | None = None, otherwise: str = ""
    ) -> None:
        self.keys = dict(keys)
        self.what = what
        self.elsewhere = elsewhere or {}
        self.otherwise = otherwise


class Named:
    """Keys with names that the person gives: jobs, queues, limits, presets, variables.

    Args:
        name: The shape of a name.
        value: The shape of the value behind each.
        what: Their name, in the plural.
    """

    def __init__(self, name: Reads, value: Shape, what: str) -> None:
        self.name = name
        self.value = value
        self.what = what


class Schedules:
    """One schedule as a phrase, or a list of schedules, each as a phrase or by its keys."""

    def __init__(self, phrase: Reads, keys: Keys) -> None:
        self.phrase = phrase
        self.keys = keys


class PhraseOr:
    """Schedules, or keys."""

    def __init__(self, schedules: Schedules, keys: Keys) -> None:
        self.schedules = schedules
        self.keys = keys


class Reasoned:
    """One value, or a list of values, each alone or as a key with a reason behind it.

    Args:
        item: The shape of each of them.
        reason: The shape of the value behind it.
    """

    def __init__(self, item: Reads, reason: Reads) -> None:
        self.item = item
        self.reason = reason


class Nested:
    """Texts in lists and mappings of any depth, all of it the person's own."""


Shape: TypeAlias = Reads | OneOrMany | Keys | Named | Schedules | PhraseOr | Reasoned | Nested
