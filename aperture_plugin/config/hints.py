"""What to say of a key or a value that is wrong in its form: sentences, nearest names, lines to paste."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from aperture_plugin.config.shape import Keys
from aperture_plugin.words.nearest import nearest
from aperture_plugin.words.pieces import join_with_and
from aperture_plugin.words.unreadable import quoted

__all__ = [
    "BRACES",
    "JOB_FORMS",
    "duplicate",
    "keys_behind",
    "line",
    "merge_key",
    "names_behind",
    "unknown_key",
    "yaml",
]

BRACES: Final = (
    "a mapping is written in braces",
    "write each key on a line of its own, indented below the key it belongs to; lists may stay on one line",
)
JOB_FORMS: Final = "expected a phrase, such as  daily at 2:00 AM, or keys on the lines below, such as  type: daily"

_PLAIN: Final = re.compile(r"[A-Za-z0-9/\[][^#:\n]*(?::[^\s#:]+[^#:\n]*)*")
_NEEDS_QUOTES: Final = re.compile(r":(?:\s|$)|\s#|\s$")
_MOST_LISTED: Final = 10
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


def keys_behind(key: str, keys: Iterable[str]) -> str:
    """Return what to write where keys belong behind *key*; an empty *key* is the file itself."""
    where = "on the lines below, indented" if key else "at the top of the file"
    return f"expected keys {where}: {_listed(list(keys))}"


def names_behind(key: str, what: str) -> str:
    """Return what to write where names that the person gives belong behind *key*."""
    return f"write the {what} on the lines below, indented, each with a colon; or take the line {quoted(key)} out"


def unknown_key(found: str, value: str | None, shape: Keys) -> tuple[str, str, str | None]:
    """Return message and hint for a key that *shape* does not have, and the one that was probably meant.

    Args:
        value: What stands behind it, if that is one text.
    """
    message = f"{quoted(found)} is not a key of {shape.what}"
    if found in shape.elsewhere:
        return message, shape.elsewhere[found], None
    near = nearest(found, tuple(shape.keys))
    if near is not None:
        write = "" if value is None else f"\nWrite:  {line(near, value)}"
        return message, f'did you mean "{near}"?{write}', near
    other = _OTHER_WORDS.get(re.sub(r"[-_\s]+", " ", found.strip().lower()))
    if other is not None and other.partition(":")[0] in shape.keys:
        return message, f"it is called {quoted(other)} here", other.partition(":")[0]
    return message, shape.otherwise or f"expected {_listed(list(shape.keys))}", None


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
