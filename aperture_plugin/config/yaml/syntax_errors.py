"""Explanations of text that is not YAML: indentation, colons, dashes, tabs, lists and other languages.

strictyaml says where its scanner stopped. `explain_refusal` asks one recognizer after the other what a person
probably did there, and returns the first answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from aperture_plugin.config.schema import hints
from aperture_plugin.config.schema.parsed_values import Fault
from aperture_plugin.config.schema.schema import JOB
from aperture_plugin.config.yaml import quote_errors
from aperture_plugin.config.yaml.nodes import MOST, MOST_IN_ALL, TOO_DEEP, TOO_LONG, TOO_MUCH, Spot, YamlRefused
from aperture_plugin.config.yaml.quote_errors import BrokenText, indent_of, line_above
from aperture_plugin.words.did_you_mean import nearest
from aperture_plugin.words.parse_error import Unreadable, quoted
from aperture_plugin.words.phrases import read_phrase

__all__ = ["explain_refusal", "too_unusual"]

_WIDEST: Final = 400
_LONGEST: Final = 64 * 1024
_GENERAL: Final = "check the indentation, the colons and the quotes on this line and the one above"
_INDENTED_BY_TAB: Final = re.compile(r" *\t")
_OUTSIDE: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|(?:(?<=\s)|^)\#.*|(\t)""")
_NO_SPACE: Final = re.compile(r" *(?:- +)?([A-Za-z][A-Za-z0-9._ -]*):([^ :/].*)$")
_NO_COLON: Final = re.compile(r" *(?:- +)?([A-Za-z][A-Za-z0-9._-]*) +[^:#]+?(?: #.*)?$")
_NAMED_ITEM: Final = re.compile(r"(?:name|job|id) *: +['\"]?([A-Za-z0-9][A-Za-z0-9._-]*)['\"]? *(?: #.*)?")
_NAME_AND_REST: Final = re.compile(r" *(?:- +)?([A-Za-z0-9][A-Za-z0-9._-]*) +(.+?) *(?: #.*)?$")
_BARE_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]*")
_KEY_VALUE: Final = re.compile(r" *(?:- +)?([^\s:'\"#][^:#]*?) *: +([^'\"\[|>].*?) *(?: #.*)?$")
_SEVERAL_ON_A_LINE: Final = re.compile(
    r"([^:]*(?::[^ :][^:]*)*?) *[,;] *([A-Za-z][A-Za-z0-9._ -]*: +[^:,]+(?::[^ :]+)*[^:,]*)"
)
_CRONTAB: Final = re.compile(r"(?:@[a-z]+|[0-9*/,-]+(?:\s+[0-9A-Za-z*/,-]+){4})\s+\S")
_COMPLEX_KEY: Final = re.compile(r" *\? +([A-Za-z0-9][A-Za-z0-9._ -]*?) *(?: #.*)?")
_COMPLEX_VALUE: Final = re.compile(r" *: +([^\s#&*!|>'\"%@`\[{].*?) *(?: #.*)?")
_SECTION: Final = re.compile(r"\[+ *([A-Za-z0-9][A-Za-z0-9._ -]*?) *\]+")
_ONE_LINE_ITEMS: Final = re.compile(r" *[^\s:'\"#][^:#]*: +- *(.*?) *$")


def explain_refusal(text: str, refused: YamlRefused, keys: tuple[str, ...] = ()) -> Fault:
    """Return what is wrong with *text*, which strictyaml has *refused*, at the place that wants mending.

    Args:
        keys: Those that could have been meant, if they are ours.
    """
    # The first part of a line shows what a person meant. Looking at all of a long one could take very long.
    case = BrokenText([line[:_WIDEST] for line in text[:_LONGEST].split("\n")], refused, keys)
    finding = next(filter(None, (look(case) for look in _LOOKS)), None)
    if finding is None:
        finding = Fault("not-yaml", case.spot, f"this cannot be read: {refused.problem}", _GENERAL)
    return finding._replace(spot=_within(finding.spot, text.split("\n")))


def too_unusual(spot: Spot) -> Fault:
    """Return what is wrong with a text that may be YAML, but in a form that would take too long to read."""
    hint = "write it plainly: keys and values on lines of their own, and long texts behind |"
    return Fault("too-unusual", spot, "this is written in a form that is not read here", hint)


def _within(spot: Spot, lines: Sequence[str]) -> Spot:
    """Return *spot*, or what of it is within *lines*: the scanner also stops behind the end of one, or of them all."""
    line, column, length = spot
    while line > 0 and (line >= len(lines) or not lines[line].strip()):
        line, column = line - 1, _WIDEST
    text = lines[line].rstrip() if line < len(lines) else ""
    column = min(column, max(0, len(text) - 1))
    return line, column, max(1, min(length, len(text) - column))


def _too_deep(case: BrokenText) -> Fault | None:
    if case.refused.problem != TOO_DEEP:
        return None
    hint = "expected at most 32 levels of lists and mappings within one another"
    return Fault("too-deep", case.spot, "lists and mappings are nested too deep", hint)


def _too_long(case: BrokenText) -> Fault | None:
    return too_unusual(case.spot) if case.refused.problem == TOO_LONG else None


def _too_much(case: BrokenText) -> Fault | None:
    if case.refused.problem != TOO_MUCH:
        return None
    hint = f"expected at most {MOST:,} values in one list, or keys in one mapping, and {MOST_IN_ALL:,} in one job"
    return Fault("too-much", case.spot, "there are more values here than anybody writes", hint)


def _complex_key(case: BrokenText) -> Fault | None:
    if case.refused.problem != "complex key":
        return None
    mark = case.here[case.spot[1]]
    message = f"the line begins with {quoted(mark)}, which is YAML for a key in a form of its own"
    hint = "write the key and its value as  key: value"
    key = _COMPLEX_KEY.fullmatch(case.here)
    value = _COMPLEX_VALUE.fullmatch(case.line(case.spot[0] + 1))
    if key is not None and value is not None and indent_of(case.here) == indent_of(case.line(case.spot[0] + 1)):
        hint += f"\nWrite:  {key[1]}: {value[1]}"
    return Fault("complex-key", case.spot, message, hint)


def _list_for_keys(case: BrokenText) -> Fault | None:
    """Return that the names of keys stand behind dashes, if that is so."""
    if case.refused.problem not in ("not a mapping", TOO_LONG) or not re.match(r" *-(?: |$)", case.lines[0]):
        return None
    item = case.lines[0].strip().removeprefix("-").strip()
    column = case.lines[0].index("-")
    spot = 0, column, max(1, len(case.lines[0].strip()))
    named = _NAMED_ITEM.fullmatch(item)
    if named is not None and not case.keys:
        hint = f"write its name with a colon, and its other keys below, indented\nWrite:  {named[1]}:"
        return Fault("list-for-keys", spot, "a list stands where keys belong", hint)
    hint = "write each name with a colon behind it, not with a dash before it"
    if ": " in item or item.endswith(":"):
        hint += f"\nWrite:  {item}"
    elif _BARE_WORD.fullmatch(item) and not case.keys:
        hint += f", and its schedule, such as  {item}: daily at 2:00 AM"
    return Fault("list-for-keys", spot, "a list stands where keys belong", hint)


def _dash_among_keys(case: BrokenText) -> Fault | None:
    """Return that one name stands behind a dash among keys that do not."""
    text = case.here.strip()
    if "found '-'" not in case.refused.problem or not text.startswith("- ") or ":" not in text:
        return None
    hint = (
        f"write each name with a colon behind it, not with a dash before it\nWrite:  {text.removeprefix('- ').lstrip()}"
    )
    spot = (case.spot[0], indent_of(case.here), len(text))
    return Fault("list-for-keys", spot, "an item of a list stands among keys", hint)


def _tab(case: BrokenText) -> Fault | None:
    """Return where a tab indents the line, or parts its words outside of quotes."""
    # A tab stops the scanner where it stands, or a line later where an indentation did not come out.
    for number in (case.spot[0], case.spot[0] - 1, case.began[0]):
        line = case.line(number)
        if _INDENTED_BY_TAB.match(line):
            place = line.index("\t")
            length = len(line[place:]) - len(line[place:].lstrip("\t"))
            hint = "indent by spaces, two for each level; an editor can be set to do so when Tab is pressed"
            return Fault("tab-indentation", (number, place, length), "the line is indented by a tab", hint)
        for found in _OUTSIDE.finditer(line):
            if found[1]:
                hint = "write a space in its place, or put the text that needs the tab in quotes"
                return Fault("tab", (number, found.start(1), 1), "there is a tab between the words", hint)
    return None


def _items_on_one_line(case: BrokenText) -> Fault | None:
    """Return that a list begins on the line of its key."""
    found = _ONE_LINE_ITEMS.match(case.here)
    if found is None:
        return None
    items = ", ".join(item.strip() for item in re.split(r" - |,", found[1]) if item.strip())
    dash = case.here.index("-", case.here.index(":"))
    return Fault(
        "dash-on-key-line",
        (case.spot[0], dash, 1),
        "an item of a list stands on the line of its key",
        f"write each item on a line of its own below the key, or all of them in brackets: [{items}]",
    )


def _unclosed_list(case: BrokenText) -> Fault | None:
    """Return that a list in brackets is not written to its end."""
    if "flow sequence" not in case.refused.context and "flow node" not in case.refused.context:
        return None
    line, column, _ = case.began
    if "[" not in case.line(line):
        return None
    column = case.line(line).index("[", 0 if case.line(line)[column : column + 1] != "[" else column)
    text = case.line(line)[column:].rstrip()
    return Fault(
        "unclosed-list",
        (line, column, len(text)),
        f"the list {quoted(text)} is not written to its end",
        "close it with ] and part its items by commas",
    )


def _no_space(case: BrokenText) -> Fault | None:
    """Return that no space stands behind a colon."""
    for number in (case.spot[0], case.began[0], line_above(case, case.spot[0])):
        found = _NO_SPACE.match(case.line(number))
        if found is not None:
            key, value = found[1], found[2].rstrip()
            code, message, hint = hints.no_space(key, value)
            return Fault(code, (number, found.start(1), len(key) + 1 + len(value)), message, hint)
    return None


def _colon_in_value(case: BrokenText) -> Fault | None:
    """Return that a value has a colon with a space behind it: two keys on one line, or a text without quotes."""
    if "mapping values are not allowed" not in case.refused.problem:
        return None
    found = _KEY_VALUE.match(case.here)
    if found is None or case.spot[1] <= found.start(2):
        return None
    several = _SEVERAL_ON_A_LINE.fullmatch(found[2])
    if several is not None:
        hint = f"write each key on a line of its own\nWrite:  {found[1]}: {several[1]}\n        {several[2]}"
        message = f"two keys stand on one line: {quoted(found[1])} and {quoted(several[2].partition(':')[0])}"
        return Fault("colon-in-value", (case.spot[0], case.spot[1], 1), message, hint)
    return Fault(
        "colon-in-value",
        (case.spot[0], case.spot[1], 1),
        f"the value {quoted(found[2])} has a colon with a space after it",
        f"put the value in quotes\nWrite:  {found[1]}: {_in_quotes(found[2])}",
    )


def _indentation(case: BrokenText) -> Fault | None:
    """A line that is deeper than the one above it without belonging to it, or between two levels."""
    problem = case.refused.problem
    if not any(word in problem for word in ("mapping values are not", "<block end>", "several documents")):
        return None
    number, line = case.spot[0], case.here
    above = case.line(line_above(case, number))
    if not line.strip() or not above.strip():
        return None
    if _BARE_WORD.fullmatch(above.strip().removesuffix(";")):
        return _bare(case, line_above(case, number))
    indent = indent_of(line)
    below_value = _keys_below_value(case, line_above(case, number))
    if below_value is not None:
        return below_value
    if problem.startswith("mapping values are not") and not above.rstrip().endswith(":"):
        near = indent_of(above)
    else:
        near = min((indent_of(other) for other in case.lines[:number] if other.strip()), key=lambda n: abs(n - indent))
    if near == indent:
        return None
    return Fault(
        "bad-indentation",
        (number, indent, max(1, len(line.strip()))),
        f"the line is indented by {indent} spaces, and fits nothing above it",
        f"lines that belong together begin in the same column; here that would be {near} spaces",
    )


def _keys_below_value(case: BrokenText, number: int) -> Fault | None:
    """Return that keys stand below a key whose value is on its line: a phrase, or the number of tries."""
    above, below = case.line(number), case.here
    found = _KEY_VALUE.match(above)
    if found is None or indent_of(below) <= indent_of(above):
        return None
    key, value = found[1], found[2]
    if key == "retry" and value.isdecimal():
        beside, what = "attempts", "the number of tries"
    elif key not in case.keys and _is_phrase(value):
        beside, what = "schedule", "the schedule"
        name = below.strip().partition(":")[0]
        if name not in JOB.keys.keys and nearest(name, tuple(JOB.keys.keys)) is None:
            return None  # another job, indented too deep
    else:
        return None
    step = " " * (indent_of(below) - indent_of(above))
    hint = f"put {what} on a line of its own below the name, with the other keys beside it"
    return Fault(
        "bad-indentation",
        (number, indent_of(above), len(above.strip())),
        f"keys stand below {quoted(key)}, which has {what} on its own line",
        f"{hint}\nWrite:  {key}:\n        {step}{beside}: {value}",
    )


def _is_phrase(text: str) -> bool:
    try:
        read_phrase(text)
    except Unreadable:
        return False
    return True


def _no_colon_before_value(case: BrokenText) -> Fault | None:
    """Return that no colon stands behind a key, or a name: `scan daily at 2:00 AM`."""
    for number in dict.fromkeys((case.spot[0], case.began[0], line_above(case, case.spot[0]))):
        line = case.line(number)
        text = line.strip()
        if any(text.startswith(f"{key}:") for key in case.keys):
            continue
        found = _NAME_AND_REST.match(line)
        key = max((key for key in case.keys if text.startswith(f"{key} ")), key=len, default=None)
        if key is not None:
            value = text[len(key) :].partition(" #")[0].strip().removeprefix("= ").lstrip()
        elif found is not None and _is_phrase(found[2]):
            key, value = found[1], found[2]
        else:
            continue
        if ": " in value:
            continue
        return Fault(
            "no-colon",
            (number, indent_of(line), len(text)),
            f"there is no colon after {quoted(key)}",
            f"write a colon and a space between a key and its value\nWrite:  {key}: {value}",
        )
    return None


def _no_colon(case: BrokenText) -> Fault | None:
    """Return that no colon stands behind a key."""
    for number in (case.began[0], case.spot[0]):
        text = case.line(number).strip()
        key = next((key for key in case.keys if text.startswith(key + " ")), None)
        found = _NO_COLON.match(case.line(number)) if key is None else None
        if key is None and found is not None:
            key = found[1]
        if key is not None:
            value = text[len(key) :].partition(" #")[0].strip().removeprefix("= ").lstrip()
            return Fault(
                "no-colon",
                (number, indent_of(case.line(number)), len(text)),
                f"there is no colon after {quoted(key)}",
                f"write a colon and a space between a key and its value\nWrite:  {key}: {value}",
            )
        if _BARE_WORD.fullmatch(text):
            return _bare(case, number)
    return None


def _other_language(case: BrokenText) -> Fault | None:
    """A line of a crontab, or the head of a section as TOML and INI write it."""
    if case.refused.problem != "not a mapping":
        return None
    line = case.lines[0].strip()
    spot = (0, indent_of(case.lines[0]), max(1, len(line)))
    if _CRONTAB.match(line):
        hint = "aperture import makes a schedules.yaml of a crontab"
        return Fault("not-yaml", spot, f"{quoted(line)} is a line of a crontab", hint)
    section = _SECTION.fullmatch(line)
    if section is not None:
        hint = f"write its name with a colon, and what belongs to it below, indented\nWrite:  {section[1]}:"
        return Fault("list-for-keys", spot, f"{quoted(line)} is a list to YAML, not the head of a section", hint)
    hint = "expected keys, each with a colon and a space and its value"
    return Fault("not-yaml", spot, f"{quoted(line)} is neither a key nor a value of one", hint)


def _bare(case: BrokenText, number: int) -> Fault:
    written = case.line(number).strip()
    word = written.removesuffix(";")
    return Fault(
        "no-colon",
        (number, indent_of(case.line(number)), len(written)),
        f"there is no colon after {quoted(word)}",
        f"a key ends with a colon\nWrite:  {word}:",
    )


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_LOOKS: Final[tuple[Callable[[BrokenText], Fault | None], ...]] = (
    _too_deep,
    _too_much,
    _complex_key,
    quote_errors.collection_as_key,
    _list_for_keys,
    _tab,
    _dash_among_keys,
    quote_errors.unclosed_quote,
    quote_errors.bad_escape,
    quote_errors.asterisk,
    quote_errors.anchor,
    quote_errors.tag,
    quote_errors.braces,
    _too_long,
    quote_errors.odd_start,
    _items_on_one_line,
    _unclosed_list,
    quote_errors.behind_quote,
    _no_colon_before_value,
    _no_space,
    _colon_in_value,
    _indentation,
    _no_colon,
    _other_language,
)
