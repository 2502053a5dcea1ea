"""What is wrong with a text that is not YAML, in words for whoever typed it.

strictyaml's scanner says where it stopped and what it was reading; the line itself says what was probably
meant. From both comes a sentence and a way to mend it. The cases are asked in order, the telling ones first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from aperture_plugin.config.asking import TOO_LONG, Refused
from aperture_plugin.config.doubts import MOST, MOST_IN_ALL, TOO_DEEP, TOO_MUCH
from aperture_plugin.config.faults import lines, marks
from aperture_plugin.config.faults.case import Case
from aperture_plugin.config.nodes import Spot
from aperture_plugin.config.walking import Finding
from aperture_plugin.words.unreadable import quoted

__all__ = ["told", "too_unusual"]

_WIDEST: Final = 400
_LONGEST: Final = 64 * 1024
_GENERAL: Final = "check the indentation, the colons and the quotes on this line and the one above"


def told(text: str, refused: Refused, keys: tuple[str, ...] = ()) -> Finding:
    """Return what is wrong with *text*, which strictyaml has *refused*, at the place that wants mending.

    Args:
        keys: Those that could have been meant, if they are ours.
    """
    # What a person meant shows in the first part of a line. Looking at all of a long one could take very long.
    case = Case([line[:_WIDEST] for line in text[:_LONGEST].split("\n")], refused, keys)
    finding = next(filter(None, (look(case) for look in _LOOKS)), None)
    if finding is None:
        finding = Finding("not-yaml", case.spot, f"this cannot be read: {refused.problem}", _GENERAL)
    return finding._replace(spot=_within(finding.spot, text.split("\n")))


def too_unusual(spot: Spot) -> Finding:
    """Return what is wrong with a text that may be YAML, but in a form that would take too long to read."""
    hint = "write it plainly: keys and values on lines of their own, and long texts behind |"
    return Finding("too-unusual", spot, "this is written in a form that is not read here", hint)


def _within(spot: Spot, lines: Sequence[str]) -> Spot:
    """Return *spot*, or what of it is within *lines*: the scanner also stops behind the end of one, or of them all."""
    line, column, length = spot
    while line > 0 and (line >= len(lines) or not lines[line].strip()):
        line, column = line - 1, _WIDEST
    said = lines[line].rstrip() if line < len(lines) else ""
    column = min(column, max(0, len(said) - 1))
    return line, column, max(1, min(length, len(said) - column))


def _too_deep(case: Case) -> Finding | None:
    if case.refused.problem != TOO_DEEP:
        return None
    hint = "expected at most 32 levels of lists and mappings within one another"
    return Finding("too-deep", case.spot, "lists and mappings are nested too deep", hint)


def _too_long(case: Case) -> Finding | None:
    return too_unusual(case.spot) if case.refused.problem == TOO_LONG else None


def _too_much(case: Case) -> Finding | None:
    if case.refused.problem != TOO_MUCH:
        return None
    hint = f"expected at most {MOST:,} values in one list, or keys in one mapping, and {MOST_IN_ALL:,} in one job"
    return Finding("too-much", case.spot, "there are more values here than anybody writes", hint)


def _complex_key(case: Case) -> Finding | None:
    if case.refused.problem != "complex key":
        return None
    mark = case.here[case.spot[1]]
    message = f"the line begins with {quoted(mark)}, which is YAML for a key in a form of its own"
    return Finding("complex-key", case.spot, message, "write the key and its value as  key: value")


_LOOKS: Final[tuple[Callable[[Case], Finding | None], ...]] = (
    _too_deep,
    _too_much,
    _complex_key,
    lines.list_for_keys,
    lines.tab,
    lines.dash_among_keys,
    marks.unclosed_quote,
    marks.bad_escape,
    marks.asterisk,
    marks.anchor,
    marks.tag,
    marks.braces,
    _too_long,
    marks.odd_start,
    lines.items_on_one_line,
    lines.unclosed_list,
    marks.behind_quote,
    lines.no_space,
    lines.colon_in_value,
    lines.indentation,
    lines.no_colon,
    lines.other_language,
)
