"""Messages for a key or a value that is wrong in its form: sentences, nearest names, lines to paste."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from aperture_plugin.config.schema.schema_types import Keys
from aperture_plugin.config.yaml.nodes import NOWHERE, Mapping, Node, Scalar, Sequence
from aperture_plugin.words.did_you_mean import meaning, nearest
from aperture_plugin.words.parse_error import Unreadable, quoted
from aperture_plugin.words.phrases import read_phrase
from aperture_plugin.words.tokens import join_with_and

__all__ = [
    "A_JOB",
    "BRACES",
    "JOB_FORMS",
    "LONG_UNITS",
    "RETRY",
    "duplicate",
    "in_hours",
    "keys_behind",
    "like_a_job",
    "line",
    "merge_key",
    "names_behind",
    "no_space",
    "offered",
    "two_keys",
    "unbraced",
    "unknown_key",
    "write",
    "yaml",
]

BRACES: Final = (
    "a mapping is written in braces",
    "write each key on a line of its own, indented below the key it belongs to; lists may stay on one line",
)
JOB_FORMS: Final = "expected a phrase, such as  daily at 2:00 AM, or keys on the lines below, such as  type: daily"

_PLAIN: Final = re.compile(r"[A-Za-z0-9/\[][^#:\n]*(?::[^\s#:]+[^#:\n]*)*")
_NEEDS_QUOTES: Final = re.compile(r":(?:\s|$)|\s#|\s$")
LONG_UNITS: Final = {"day": 24, "days": 24, "week": 168, "weeks": 168}
_FEW_DIGITS: Final = 3
_MOST_LISTED: Final = 10
_LONGEST_PHRASE: Final = 200
A_JOB: Final = "a job stands below schedules, indented"
RETRY: Final = "retry:\n          attempts: {}"
_OTHER_WORDS: Final = {
    "after job": "schedule: after …",
    "cron expression": "cron",
    "date": "at",
    "days": "day",
    "dependencies": "needs",
    "depends": "needs",
    "depends on": "needs",
    "disabled": "enabled",
    "env": "environment",
    "every": "schedule: every …",
    "frequency": "schedule: every …",
    "interval": "schedule: every …",
    "label": "title",
    "limits": "limit",
    "max attempts": "retry",
    "max runtime": "timeout",
    "name": "title",
    "on error": "on failure",
    "parameters": "params",
    "rate limit": "limit",
    "requires": "needs",
    "retries": "retry",
    "run": "command",
    "script": "command",
    "shell": "command",
    "times": "time",
    "tz": "timezone",
    "working directory": "directory",
    "cwd": "directory",
    "workdir": "directory",
    "zone": "timezone",
}


def line(key: str, value: str) -> str:
    """Return the line of a file that says *value* behind *key*."""
    return f"{yaml(key)}: {value if value.startswith('[') else yaml(value)}"


def yaml(text: str) -> str:
    """Return *text* as it is written in a file: in quotes where it would read as something else without them."""
    if _PLAIN.fullmatch(text) and not _NEEDS_QUOTES.search(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def two_keys(key: str, text: Iterable[tuple[str, str]]) -> str:
    """Return the lines to paste for a value that belongs in several keys, the first of which may be *key* itself."""
    lines = [line(name, value) for name, value in text]
    if lines[0].startswith(f"{key}:"):
        return "\nWrite:  " + "\n        ".join(lines)
    return f"\nWrite:  {yaml(key)}:" + "".join(f"\n          {one}" for one in lines)


def keys_behind(key: str, keys: Iterable[str]) -> str:
    """Return what to write where keys belong behind *key*; an empty *key* is the file itself."""
    where = "on the lines below, indented" if key else "at the top of the file"
    return f"expected keys {where}: {_listed(list(keys))}"


def names_behind(key: str, what: str) -> str:
    """Return what to write where names that the person gives belong behind *key*."""
    return f"write the {what} on the lines below, indented, each with a colon; or take the line {quoted(key)} out"


def unknown_key(found: str, value: Node, shape: Keys) -> tuple[str, str, str | None]:
    """Return message and hint for a key that *shape* does not have, and the one that was probably meant.

    Args:
        value: The value behind it.
    """
    message = f"{quoted(found)} is not a key of {shape.what}"
    if found in shape.elsewhere:
        return message, shape.elsewhere[found], None
    near = nearest(found, tuple(shape.keys))
    if near is not None:
        return message, f'did you mean "{near}"?{write(near, value)}', near
    plain = re.sub(r"[-_\s]+", " ", found.strip().lower())
    other = _OTHER_WORDS.get(plain)
    if other is not None and other.partition(":")[0] in shape.keys:
        text = value.text if type(value) is Scalar else ""
        if plain == "disabled":
            pasted = "\nWrite:  enabled: no" if text.lower() in ("yes", "true", "on", "1") else ""
        elif other == "retry":
            pasted = f"\nWrite:  {RETRY.format(text)}" if text.isascii() and text.isdigit() else ""
        else:
            pasted = write(other, value) if ":" not in other else ""
        return message, f"it is called {quoted(other)} here{pasted}", other.partition(":")[0]
    if "schedules" in shape.elsewhere and like_a_job(value):
        return message, f"{A_JOB}; {shape.otherwise}", None
    return message, shape.otherwise or f"expected {_listed(list(shape.keys))}", None


def offered(key: str, name: str, candidates: Iterable[str]) -> str:
    """Return what ends the hint for a wrong *name* behind *key*: the nearest one, and the line that has it."""
    near = nearest(name, candidates)
    return "" if near is None else f"{meaning(name, near)}\nWrite:  {line(key, near)}"


def in_hours(unit: str, value: Node) -> str:
    """Return the hint for an interval in days or weeks, which are counted in hours."""
    number = value.text if type(value) is Scalar else ""
    hint = "an interval is counted in hours, minutes or seconds"
    if not (number.isascii() and number.isdigit() and len(number) <= _FEW_DIGITS):
        return hint
    return f"{hint}\nWrite:  hours: {int(number) * LONG_UNITS[unit]}"


def no_space(key: str, value: str) -> tuple[str, str, str]:
    """Return code, message and hint for a key whose colon has no space behind it."""
    return (
        "no-space-after-colon",
        f"there is no space after the colon of {quoted(key + ':')}",
        f"write a space between a key and its value\nWrite:  {key}: {value}",
    )


def unbraced(key: str, node: Mapping) -> str:
    """Return the lines to paste that say on lines of their own what *node* says in braces; nothing of a large one."""
    pairs = [(name.text, value.text) for name, value in node.pairs if type(value) is Scalar and value.text]
    if not pairs or len(pairs) < len(node.pairs) or len(pairs) > _MOST_LISTED:
        return ""
    return f"\nWrite:  {yaml(key)}:" + "".join(f"\n          {line(name, value)}" for name, value in pairs)


def write(key: str, value: Node) -> str:
    """Return the line to paste that has *key* in the place of another before *value*; nothing where there is none."""
    if type(value) is Scalar:
        written = value.text and value.inner != NOWHERE
        return f"\nWrite:  {line(key, value.text)}" if written else ""
    if type(value) is Sequence:
        items = [item.text for item in value.items if type(item) is Scalar and item.inner != NOWHERE]
        one_line = len({item.spot[0] for item in value.items}) == 1 and len(items) == len(value.items) <= _MOST_LISTED
        return f"\nWrite:  {yaml(key)}: [{', '.join(map(yaml, items))}]" if one_line else ""
    return f"\nWrite:  {yaml(key)}:" if type(value) is Mapping and not value.flow else ""


def like_a_job(value: Node) -> bool:
    """Return whether *value* is what stands behind a job's name: a phrase."""
    if type(value) is not Scalar or len(value.text) > _LONGEST_PHRASE:
        return False
    try:
        read_phrase(value.text)
    except Unreadable:
        return False
    return True


def duplicate(name: str, lines_below: int) -> tuple[str, str]:
    """Return message and hint for a key that stands a second time."""
    ago = "on the same line" if lines_below == 0 else f"{lines_below} line{'' if lines_below == 1 else 's'} above"
    return f"{quoted(name)} stands here a second time", f"it is already there {ago}; take one of the two out"


def merge_key(name: str) -> tuple[str, str]:
    """Return message and hint for one of the keys that YAML gives a meaning of its own."""
    return (
        f"{quoted(name)} is not a key",
        "nothing is merged by YAML here: what several jobs share belongs under defaults, what several presets share "
        "in one that the others extend",
    )


def _listed(names: list[str]) -> str:
    shown = names[:_MOST_LISTED]
    if len(names) > len(shown):
        return f"one of {', '.join(shown)}, …"
    return join_with_and(shown, "or")
