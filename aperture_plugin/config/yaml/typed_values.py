"""One value as YAML 1.2 reads it, with its type: numbers, true and false, null, lists, mappings, else text.

schedules.yaml itself knows only text, as strictyaml does. This is for values that a person gives beside the file.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from aperture_plugin.words.errors import ApertureError

__all__ = ["NotYaml", "typed_value"]

_WORDS: Final[dict[str, bool | None]] = {
    "": None,
    **dict.fromkeys(("~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE: Final = re.compile(r"[-+]?[0-9]{1,300}")
_BASED: Final = re.compile(r"0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_NUMBER: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")


class NotYaml(ApertureError, ValueError):
    """A text that begins like a list, a mapping or a quoted text of YAML, and is none."""


def typed_value(text: str) -> Any:
    """Return what *text* means in YAML.

    Text stays text, whatever colons, hashes or dashes are in it, unless it begins with a bracket, a brace or a quote.

    Raises:
        NotYaml: It begins so, and does not go on so.

    >>> typed_value("3"), typed_value("1.5"), typed_value("true"), typed_value("[a, 2]"), typed_value("9:30 AM")
    (3, 1.5, True, ['a', 2], '9:30 AM')
    """
    word = text.strip()
    if word in _WORDS:
        return _WORDS[word]
    if _WHOLE.fullmatch(word):
        return int(word)
    if _BASED.fullmatch(word):
        return int(word, 0)
    if _NUMBER.fullmatch(word):
        return float(word)
    return _within_brackets(word) if word[0] in "[{\"'" else text


def _within_brackets(text: str) -> Any:
    from strictyaml.ruamel import YAML, YAMLError
    from strictyaml.ruamel.events import AliasEvent

    yaml = YAML(typ="safe", pure=True)
    try:
        if any(isinstance(event, AliasEvent) or getattr(event, "tag", None) for event in yaml.parse(text)):
            raise NotYaml("it has an alias or a tag, which are not read here")
        return _json(YAML(typ="safe", pure=True).load(text))
    except YAMLError as error:
        written = str(getattr(error, "problem", None) or "it is not YAML")
        raise NotYaml(" ".join(written.split())) from None
    except (ValueError, TypeError, RecursionError, AttributeError) as error:
        if isinstance(error, NotYaml):
            raise
        raise NotYaml("it is not YAML") from None


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(_json(name)): _json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_json(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    raise NotYaml(f"{type(value).__name__} cannot be kept")
