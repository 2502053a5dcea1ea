"""Lines that are not a key with its value: dashes, tabs, colons, brackets and indentation in the wrong places."""

from __future__ import annotations

import re
from typing import Final

from aperture_plugin.config import hints
from aperture_plugin.config.asking import TOO_LONG
from aperture_plugin.config.faults.case import Case, indent_of, line_above
from aperture_plugin.config.walking import Finding
from aperture_plugin.words.unreadable import quoted

__all__ = [
    "colon_in_value",
    "dash_among_keys",
    "indentation",
    "items_on_one_line",
    "list_for_keys",
    "no_colon",
    "no_space",
    "other_language",
    "tab",
    "unclosed_list",
]

_INDENTED_BY_TAB: Final = re.compile(r" *\t")
_OUTSIDE: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|(?:(?<=\s)|^)\#.*|(\t)""")
_NO_SPACE: Final = re.compile(r" *(?:- +)?([A-Za-z][A-Za-z0-9._ -]*):([^ :/].*)$")
_NO_COLON: Final = re.compile(r" *(?:- +)?([A-Za-z][A-Za-z0-9._-]*) +[^:#]+?(?: #.*)?$")
_BARE_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]*")
_KEY_VALUE: Final = re.compile(r" *(?:- +)?([^\s:'\"#][^:#]*?) *: +([^'\"\[|>].*?) *(?: #.*)?$")
_SEVERAL_ON_A_LINE: Final = re.compile(
    r"([^:]*(?::[^ :][^:]*)*?) *[,;] *([A-Za-z][A-Za-z0-9._ -]*: +[^:,]+(?::[^ :]+)*[^:,]*)"
)
_CRONTAB: Final = re.compile(r"(?:@[a-z]+|[0-9*/,-]+(?:\s+[0-9A-Za-z*/,-]+){4})\s+\S")
_SECTION: Final = re.compile(r"\[+ *([A-Za-z0-9][A-Za-z0-9._ -]*?) *\]+")
_ONE_LINE_ITEMS: Final = re.compile(r" *[^\s:'\"#][^:#]*: +- *(.*?) *$")


def list_for_keys(case: Case) -> Finding | None:
    """Return that the names of keys stand behind dashes, if that is so."""
    if case.refused.problem not in ("not a mapping", TOO_LONG) or not re.match(r" *-(?: |$)", case.lines[0]):
        return None
    name = case.lines[0].strip().removeprefix("-").strip() or "name"
    name += "" if ": " in name or name.endswith(":") else ":"
    column = case.lines[0].index("-")
    return Finding(
        "list-for-keys",
        (0, column, max(1, len(case.lines[0].strip()))),
        "a list stands where keys belong",
        f"write each name with a colon behind it, not with a dash before it\nWrite:  {name}",
    )


def dash_among_keys(case: Case) -> Finding | None:
    """Return that one name stands behind a dash among keys that do not."""
    said = case.here.strip()
    if "found '-'" not in case.refused.problem or not said.startswith("- ") or ":" not in said:
        return None
    hint = (
        f"write each name with a colon behind it, not with a dash before it\nWrite:  {said.removeprefix('- ').lstrip()}"
    )
    spot = (case.spot[0], indent_of(case.here), len(said))
    return Finding("list-for-keys", spot, "an item of a list stands among keys", hint)


def tab(case: Case) -> Finding | None:
    """Return where a tab indents the line, or parts its words outside of quotes."""
    # A tab stops the scanner where it stands, or a line later where an indentation did not come out.
    for number in (case.spot[0], case.spot[0] - 1, case.began[0]):
        line = case.line(number)
        if _INDENTED_BY_TAB.match(line):
            place = line.index("\t")
            length = len(line[place:]) - len(line[place:].lstrip("\t"))
            hint = "indent by spaces, two for each level; an editor can be told to do so when Tab is pressed"
            return Finding("tab-indentation", (number, place, length), "the line is indented by a tab", hint)
        for found in _OUTSIDE.finditer(line):
            if found[1]:
                hint = "write a space in its place, or put the text that needs the tab in quotes"
                return Finding("tab", (number, found.start(1), 1), "there is a tab between the words", hint)
    return None


def items_on_one_line(case: Case) -> Finding | None:
    """Return that a list begins on the line of its key."""
    found = _ONE_LINE_ITEMS.match(case.here)
    if found is None:
        return None
    items = ", ".join(item.strip() for item in re.split(r" - |,", found[1]) if item.strip())
    dash = case.here.index("-", case.here.index(":"))
    return Finding(
        "dash-on-key-line",
        (case.spot[0], dash, 1),
        "an item of a list stands on the line of its key",
        f"write each item on a line of its own below the key, or all of them in brackets: [{items}]",
    )


def unclosed_list(case: Case) -> Finding | None:
    """Return that a list in brackets is not written to its end."""
    if "flow sequence" not in case.refused.context and "flow node" not in case.refused.context:
        return None
    line, column, _ = case.began
    if "[" not in case.line(line):
        return None
    column = case.line(line).index("[", 0 if case.line(line)[column : column + 1] != "[" else column)
    text = case.line(line)[column:].rstrip()
    return Finding(
        "unclosed-list",
        (line, column, len(text)),
        f"the list {quoted(text)} is not written to its end",
        "close it with ] and part its items by commas",
    )


def no_space(case: Case) -> Finding | None:
    """Return that no space stands behind a colon."""
    for number in (case.spot[0], case.began[0], line_above(case, case.spot[0])):
        found = _NO_SPACE.match(case.line(number))
        if found is not None:
            key, value = found[1], found[2].rstrip()
            code, message, hint = hints.no_space(key, value)
            return Finding(code, (number, found.start(1), len(key) + 1 + len(value)), message, hint)
    return None


def colon_in_value(case: Case) -> Finding | None:
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
        return Finding("colon-in-value", (case.spot[0], case.spot[1], 1), message, hint)
    return Finding(
        "colon-in-value",
        (case.spot[0], case.spot[1], 1),
        f"the value {quoted(found[2])} has a colon with a space after it",
        f"put the value in quotes\nWrite:  {found[1]}: {_in_quotes(found[2])}",
    )


def indentation(case: Case) -> Finding | None:
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
    if problem.startswith("mapping values are not") and not above.rstrip().endswith(":"):
        near = indent_of(above)
    else:
        near = min((indent_of(other) for other in case.lines[:number] if other.strip()), key=lambda n: abs(n - indent))
    if near == indent:
        return None
    return Finding(
        "bad-indentation",
        (number, indent, max(1, len(line.strip()))),
        f"the line is indented by {indent} spaces, and fits nothing above it",
        f"lines that belong together begin in the same column; here that would be {near} spaces",
    )


def no_colon(case: Case) -> Finding | None:
    """Return that no colon stands behind a key."""
    for number in (case.began[0], case.spot[0]):
        text = case.line(number).strip()
        key = next((key for key in case.keys if text.startswith(key + " ")), None)
        found = _NO_COLON.match(case.line(number)) if key is None else None
        if key is None and found is not None:
            key = found[1]
        if key is not None:
            value = text[len(key) :].partition(" #")[0].strip().removeprefix("= ").lstrip()
            return Finding(
                "no-colon",
                (number, indent_of(case.line(number)), len(text)),
                f"there is no colon after {quoted(key)}",
                f"write a colon and a space between a key and its value\nWrite:  {key}: {value}",
            )
        if _BARE_WORD.fullmatch(text):
            return _bare(case, number)
    return None


def other_language(case: Case) -> Finding | None:
    """A line of a crontab, or the head of a section as TOML and INI write it."""
    if case.refused.problem != "not a mapping":
        return None
    line = case.lines[0].strip()
    spot = (0, indent_of(case.lines[0]), max(1, len(line)))
    if _CRONTAB.match(line):
        hint = "aperture import makes a schedules.yaml of a crontab"
        return Finding("not-yaml", spot, f"{quoted(line)} is a line of a crontab", hint)
    section = _SECTION.fullmatch(line)
    if section is not None:
        hint = f"write its name with a colon, and what belongs to it below, indented\nWrite:  {section[1]}:"
        return Finding("list-for-keys", spot, f"{quoted(line)} is a list to YAML, not the head of a section", hint)
    hint = "expected keys, each with a colon and a space and its value"
    return Finding("not-yaml", spot, f"{quoted(line)} is neither a key nor a value of one", hint)


def _bare(case: Case, number: int) -> Finding:
    written = case.line(number).strip()
    word = written.removesuffix(";")
    return Finding(
        "no-colon",
        (number, indent_of(case.line(number)), len(written)),
        f"there is no colon after {quoted(word)}",
        f"a key ends with a colon\nWrite:  {word}:",
    )


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
