"""What is wrong with a text that is not YAML, in words for whoever typed it.

strictyaml's scanner says where it stopped and what it was reading; the line itself says what was probably
meant. From both comes a sentence and a way to mend it. The cases are asked in order, the telling ones first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aperture_plugin.config.asking import TOO_LONG, Refused
from aperture_plugin.config.hints import no_space, yaml
from aperture_plugin.config.nodes import Spot
from aperture_plugin.config.plain import MOST, MOST_IN_ALL, TOO_DEEP, TOO_MUCH
from aperture_plugin.config.walking import Finding
from aperture_plugin.words.phrases import read_phrase
from aperture_plugin.words.unreadable import Unreadable, quoted

__all__ = ["told", "too_unusual"]

_INDENTED_BY_TAB: Final = re.compile(r" *\t")
_OUTSIDE: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|(?:(?<=\s)|^)\#.*|(\t)""")
_NO_SPACE: Final = re.compile(r" *(?:- +)?([A-Za-z][A-Za-z0-9._ -]*):([^ :/].*)$")
_NO_COLON: Final = re.compile(r" *(?:- +)?([A-Za-z][A-Za-z0-9._-]*) +[^:#]+?(?: #.*)?$")
_BARE_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]*")
_KEY_VALUE: Final = re.compile(r" *(?:- +)?([^\s:'\"#][^:#]*?) *: +([^'\"\[|>].*?) *(?: #.*)?$")
_VALUE: Final = re.compile(r"( *(?:- +)?(?:[^\s:'\"#][^:#]*?|'[^']*'|\"[^\"]*\") *: +|  *- +|- +)(.+?) *(?: #.*)?$")
_MARKED_KEY: Final = re.compile(r" *(?:- +)?([&!][^\s:]*)")
_BLOCK_BEGINS: Final = re.compile(r"[|>][-+]?")
_SEVERAL_ON_A_LINE: Final = re.compile(
    r"([^:]*(?::[^ :][^:]*)*?) *[,;] *([A-Za-z][A-Za-z0-9._ -]*: +[^:,]+(?::[^ :]+)*[^:,]*)"
)
_KEY_BEFORE: Final = re.compile(r" *(?:- +)?([A-Za-z0-9][A-Za-z0-9._ -]*?) *:")
_CRONTAB: Final = re.compile(r"(?:@[a-z]+|[0-9*/,-]+(?:\s+[0-9A-Za-z*/,-]+){4})\s+\S")
_SECTION: Final = re.compile(r"\[+ *([A-Za-z0-9][A-Za-z0-9._ -]*?) *\]+")
_ONE_LINE_ITEMS: Final = re.compile(r" *[^\s:'\"#][^:#]*: +- *(.*?) *$")
_AFTER_QUOTE: Final = re.compile(
    r" *(?:- +)?(?:[^\s:'\"#][^:#]*?: +)?('(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\") *([^\s#:].*)$"
)
_BRACE_VALUE: Final = re.compile(r": *\{|^ *(?:- +)?\{")


@dataclass(frozen=True, slots=True)
class _Case:
    """The piece of text that could not be read, and what strictyaml says of it."""

    lines: list[str]
    refused: Refused
    keys: tuple[str, ...]

    @property
    def spot(self) -> Spot:
        return self.refused.spot

    def line(self, number: int) -> str:
        return self.lines[number] if 0 <= number < len(self.lines) else ""

    @property
    def here(self) -> str:
        return self.line(self.spot[0])

    @property
    def began(self) -> Spot:
        return self.refused.began or self.refused.spot


_WIDEST: Final = 400
_LONGEST: Final = 64 * 1024


def told(text: str, refused: Refused, keys: tuple[str, ...] = ()) -> Finding:
    """Return what is wrong with *text*, which strictyaml has *refused*, at the place that wants mending.

    Args:
        keys: Those that could have been meant, if they are ours.
    """
    # What a person meant shows in the first part of a line. Looking at all of a long one could take very long.
    case = _Case([line[:_WIDEST] for line in text[:_LONGEST].split("\n")], refused, keys)
    finding = next(filter(None, (look(case) for look in _LOOKS)), None)
    if finding is None:
        finding = Finding("not-yaml", case.spot, f"this cannot be read: {refused.problem}", _GENERAL)
    return finding._replace(spot=_within(finding.spot, text.split("\n")))


def _within(spot: Spot, lines: Sequence[str]) -> Spot:
    """Return *spot*, or what of it is within *lines*: the scanner also stops behind the end of one, or of them all."""
    line, column, length = spot
    while line > 0 and (line >= len(lines) or not lines[line].strip()):
        line, column = line - 1, _WIDEST
    said = lines[line].rstrip() if line < len(lines) else ""
    column = min(column, max(0, len(said) - 1))
    return line, column, max(1, min(length, len(said) - column))


def too_unusual(spot: Spot) -> Finding:
    """Return what is wrong with a text that may be YAML, but in a form that would take too long to read."""
    hint = "write it plainly: keys and values on lines of their own, and long texts behind |"
    return Finding("too-unusual", spot, "this is written in a form that is not read here", hint)


_GENERAL: Final = "check the indentation, the colons and the quotes on this line and the one above"


def _too_deep(case: _Case) -> Finding | None:
    if case.refused.problem != TOO_DEEP:
        return None
    hint = "expected at most 32 levels of lists and mappings within one another"
    return Finding("too-deep", case.spot, "lists and mappings are nested too deep", hint)


def _too_long(case: _Case) -> Finding | None:
    return too_unusual(case.spot) if case.refused.problem == TOO_LONG else None


def _too_much(case: _Case) -> Finding | None:
    if case.refused.problem != TOO_MUCH:
        return None
    hint = f"expected at most {MOST:,} values in one list, or keys in one mapping, and {MOST_IN_ALL:,} in one job"
    return Finding("too-much", case.spot, "there are more values here than anybody writes", hint)


def _complex_key(case: _Case) -> Finding | None:
    if case.refused.problem != "complex key":
        return None
    mark = case.here[case.spot[1]]
    message = f"the line begins with {quoted(mark)}, which is YAML for a key in a form of its own"
    return Finding("complex-key", case.spot, message, "write the key and its value as  key: value")


def _list_for_keys(case: _Case) -> Finding | None:
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


def _dash_among_keys(case: _Case) -> Finding | None:
    said = case.here.strip()
    if "found '-'" not in case.refused.problem or not said.startswith("- ") or ":" not in said:
        return None
    hint = (
        f"write each name with a colon behind it, not with a dash before it\nWrite:  {said.removeprefix('- ').lstrip()}"
    )
    spot = (case.spot[0], _indent(case.here), len(said))
    return Finding("list-for-keys", spot, "an item of a list stands among keys", hint)


def _tab(case: _Case) -> Finding | None:
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


def _unclosed_quote(case: _Case) -> Finding | None:
    if "quoted scalar" not in case.refused.context or "end of stream" not in case.refused.problem:
        return None
    line, column, _ = case.began
    quote = case.line(line)[column : column + 1]
    rest = case.line(line)[column:]
    if rest.startswith("'") and re.search(r"\w'\w", rest):
        hint = "within single quotes an apostrophe is written twice: ''; or put double quotes around the text"
    else:
        hint = f"close it with another {quote} at the end of the text"
    return Finding(
        "unclosed-quote", (line, column, len(rest.rstrip())), f"a text begins with {quote} and never ends", hint
    )


def _bad_escape(case: _Case) -> Finding | None:
    if "double-quoted" not in case.refused.context:
        return None
    line, column, _ = case.spot
    shown = case.line(line)[max(0, column - 1) : column + 1]
    return Finding(
        "bad-escape",
        (line, max(0, column - 1), 2),
        f"{quoted(shown)} means nothing within double quotes",
        "write the backslash twice, or put the text in single quotes, where it is a character like any other",
    )


def _behind_quote(case: _Case) -> Finding | None:
    for number in (case.spot[0], case.began[0]):
        found = _AFTER_QUOTE.match(case.line(number))
        if found is not None:
            rest = found[2].rstrip()
            hint = "put the quotes around the whole value"
            if found[1].startswith("'") and found.end(1) == found.start(2):
                hint = "within single quotes an apostrophe is written twice: ''; or put double quotes around the text"
            spot = (number, found.start(2), len(rest))
            return Finding("text-after-quote", spot, f"{quoted(rest)} stands behind the closing quote", hint)
    return None


def _asterisk(case: _Case) -> Finding | None:
    value = _value_at(case)
    if value is None or not value[1].startswith("*"):
        return None
    spot, text = value
    if re.fullmatch(r"\*(?:/\d+)?(?: +\S+){4}", text):
        message = "a value that begins with * needs quotes"
        key = _KEY_BEFORE.match(case.line(spot[0]))
        if key is None or key[1] == "cron":
            return Finding("asterisk", spot, message, f'put the cron expression in quotes\nWrite:  cron: "{text}"')
        return Finding("asterisk", spot, message, f"write cron before it\nWrite:  {key[1]}: cron {text}")
    return Finding(
        "alias",
        spot,
        f"{quoted(text)} stands for something written elsewhere",
        "say it again in full; what several jobs share belongs under defaults, or in quotes if it is a text",
    )


def _anchor(case: _Case) -> Finding | None:
    value = _value_at(case) or _marked_key(case)
    if value is None or not value[1].startswith("&"):
        return None
    hint = "take it out; what several jobs share belongs under defaults. A text that begins with & needs quotes"
    (line, column, _), text = value
    name = text.split(" ")[0]
    return Finding("anchor", (line, column, len(name)), f"{quoted(name)} gives the value a name", hint)


def _tag(case: _Case) -> Finding | None:
    value = _value_at(case) or _marked_key(case)
    if value is None or not value[1].startswith("!"):
        return None
    hint = "take it out: every value is read by its key. A text that begins with ! needs quotes"
    (line, column, _), text = value
    name = text.split(" ")[0]
    return Finding("tag", (line, column, len(name)), f"{quoted(name)} tells the type of a value", hint)


def _braces(case: _Case) -> Finding | None:
    line = case.line(case.began[0])
    found = _BRACE_VALUE.search(line)
    if found is None:
        return None
    return Finding(
        "mapping-in-braces",
        (case.began[0], found.end() - 1, 1),
        "a mapping is written in braces",
        "write each key on a line of its own, indented below; a text that begins with { needs quotes",
    )


def _odd_start(case: _Case) -> Finding | None:
    """A value that begins with a character that YAML keeps for itself."""
    value = _value_at(case)
    if value is None or value[1][0] not in "@`%,]}|>?" or _BLOCK_BEGINS.fullmatch(value[1]):
        return None
    spot, text = value
    if text[0] in "|>" and "block scalar" in case.refused.context:
        hint = (
            f"write {text[0]} alone at the end of the line, and the text on the lines below; or put the value in quotes"
        )
        return Finding("bad-text-block", spot, f"{quoted(text)} does not begin a text over several lines", hint)
    offer = _phrase_for(text) if text[0] == "@" else None
    key = _KEY_BEFORE.match(case.line(spot[0]))
    if offer is not None and key is not None:
        hint = f'did you mean "{offer}"?\nWrite:  {key[1]}: {offer}'
        return Finding("needs-quotes", spot, f"a value cannot begin with {quoted(text[0])}", hint)
    return Finding(
        "needs-quotes",
        spot,
        f"a value cannot begin with {quoted(text[0])}",
        f"put it in quotes\nWrite:  {_keyed(case, text)}",
    )


def _phrase_for(text: str) -> str | None:
    """Return the phrase that says what *text*, a name for a cron expression, means."""
    try:
        read_phrase(text)
    except Unreadable as problem:
        return problem.instead
    return None


def _items_on_one_line(case: _Case) -> Finding | None:
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


def _unclosed_list(case: _Case) -> Finding | None:
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


def _no_space(case: _Case) -> Finding | None:
    for number in (case.spot[0], case.began[0], _above(case, case.spot[0])):
        found = _NO_SPACE.match(case.line(number))
        if found is not None:
            key, value = found[1], found[2].rstrip()
            code, message, hint = no_space(key, value)
            return Finding(code, (number, found.start(1), len(key) + 1 + len(value)), message, hint)
    return None


def _colon_in_value(case: _Case) -> Finding | None:
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


def _indentation(case: _Case) -> Finding | None:
    """A line that is deeper than the one above it without belonging to it, or between two levels."""
    problem = case.refused.problem
    if not any(word in problem for word in ("mapping values are not", "<block end>", "several documents")):
        return None
    number, line = case.spot[0], case.here
    above = case.line(_above(case, number))
    if not line.strip() or not above.strip():
        return None
    if _BARE_WORD.fullmatch(above.strip().removesuffix(";")):
        return _bare(case, _above(case, number))
    indent = _indent(line)
    if problem.startswith("mapping values are not") and not above.rstrip().endswith(":"):
        near = _indent(above)
    else:
        near = min((_indent(other) for other in case.lines[:number] if other.strip()), key=lambda n: abs(n - indent))
    if near == indent:
        return None
    return Finding(
        "bad-indentation",
        (number, indent, max(1, len(line.strip()))),
        f"the line is indented by {indent} spaces, and fits nothing above it",
        f"lines that belong together begin in the same column; here that would be {near} spaces",
    )


def _no_colon(case: _Case) -> Finding | None:
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
                (number, _indent(case.line(number)), len(text)),
                f"there is no colon after {quoted(key)}",
                f"write a colon and a space between a key and its value\nWrite:  {key}: {value}",
            )
        if _BARE_WORD.fullmatch(text):
            return _bare(case, number)
    return None


def _other_language(case: _Case) -> Finding | None:
    """A line of a crontab, or the head of a section as TOML and INI write it."""
    if case.refused.problem != "not a mapping":
        return None
    line = case.lines[0].strip()
    spot = (0, _indent(case.lines[0]), max(1, len(line)))
    if _CRONTAB.match(line):
        hint = "aperture import makes a schedules.yaml of a crontab"
        return Finding("not-yaml", spot, f"{quoted(line)} is a line of a crontab", hint)
    section = _SECTION.fullmatch(line)
    if section is not None:
        hint = f"write its name with a colon, and what belongs to it below, indented\nWrite:  {section[1]}:"
        return Finding("list-for-keys", spot, f"{quoted(line)} is a list to YAML, not the head of a section", hint)
    hint = "expected keys, each with a colon and a space and its value"
    return Finding("not-yaml", spot, f"{quoted(line)} is neither a key nor a value of one", hint)


def _bare(case: _Case, number: int) -> Finding:
    written = case.line(number).strip()
    word = written.removesuffix(";")
    return Finding(
        "no-colon",
        (number, _indent(case.line(number)), len(written)),
        f"there is no colon after {quoted(word)}",
        f"a key ends with a colon\nWrite:  {word}:",
    )


_LOOKS: Final[tuple[Callable[[_Case], Finding | None], ...]] = (
    _too_deep,
    _too_much,
    _complex_key,
    _list_for_keys,
    _tab,
    _dash_among_keys,
    _unclosed_quote,
    _bad_escape,
    _asterisk,
    _anchor,
    _tag,
    _braces,
    _too_long,
    _odd_start,
    _items_on_one_line,
    _unclosed_list,
    _behind_quote,
    _no_space,
    _colon_in_value,
    _indentation,
    _no_colon,
    _other_language,
)


def _value_at(case: _Case) -> tuple[Spot, str] | None:
    """Return the value that the scanner stopped at, with its place, if the line is a key or a dash and a value."""
    for number in (case.spot[0], case.began[0]):
        found = _VALUE.match(case.line(number))
        if found is not None:
            return (number, found.start(2), len(found[2])), found[2]
    return None


def _marked_key(case: _Case) -> tuple[Spot, str] | None:
    """Return the key of the line that the scanner stopped at if an anchor or a tag stands before it."""
    for number in (case.spot[0], case.began[0]):
        found = _MARKED_KEY.match(case.line(number))
        if found is not None:
            return (number, found.start(1), len(found[1])), found[1]
    return None


def _keyed(case: _Case, text: str) -> str:
    found = _VALUE.match(case.here)
    before = "" if found is None else found[1].strip() + " "
    return before + yaml(text)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _above(case: _Case, number: int) -> int:
    """Return the number of the nearest line above that says something."""
    number -= 1
    while number > 0 and (not case.line(number).strip() or case.line(number).lstrip().startswith("#")):
        number -= 1
    return number


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
