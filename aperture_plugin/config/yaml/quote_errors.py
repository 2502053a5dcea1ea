"""Explanations of quotes that do not end where they should, and of characters that YAML reserves.

`BrokenText` is a chunk of text that strictyaml refused; each function here takes one and returns a fault if
it recognizes the mistake. `syntax_errors` tries them in turn.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aperture_plugin.config.schema.hints import yaml
from aperture_plugin.config.schema.parsed_values import Fault
from aperture_plugin.config.yaml.nodes import COLLECTION_AS_KEY, Spot, YamlRefused
from aperture_plugin.words.parse_error import Unreadable, quoted
from aperture_plugin.words.phrases import read_phrase

__all__ = [
    "VALUE",
    "BrokenText",
    "anchor",
    "asterisk",
    "bad_escape",
    "behind_quote",
    "braces",
    "collection_as_key",
    "indent_of",
    "line_above",
    "marked_key",
    "odd_start",
    "tag",
    "unclosed_quote",
    "value_at",
]

VALUE: Final = re.compile(r"( *(?:- +)?(?:[^\s:'\"#][^:#]*?|'[^']*'|\"[^\"]*\") *: +|  *- +|- +)(.+?) *(?: #.*)?$")
_MARKED_KEY: Final = re.compile(r" *(?:- +)?([&!][^\s:]*)")
_BLOCK_BEGINS: Final = re.compile(r"[|>][-+]?")
_KEY_BEFORE: Final = re.compile(r" *(?:- +)?([A-Za-z0-9][A-Za-z0-9._ -]*?) *:")
_AFTER_QUOTE: Final = re.compile(
    r" *(?:- +)?(?:[^\s:'\"#][^:#]*?: +)?('(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\") *([^\s#:].*)$"
)
_COLLECTION_KEY: Final = re.compile(r"([\[{].*?[\]}]) *:(?: +([^#\s].*?))? *(?: #.*)?$")
_A_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]*")
_BRACE_VALUE: Final = re.compile(r": *\{|^ *(?:- +)?\{")


@dataclass(frozen=True, slots=True)
class BrokenText:
    """The piece of text that could not be read, and what strictyaml says of it."""

    lines: list[str]
    refused: YamlRefused
    keys: tuple[str, ...]

    @property
    def spot(self) -> Spot:
        """The place at which the scanner stopped."""
        return self.refused.spot

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 0; empty where there is none."""
        return self.lines[number] if 0 <= number < len(self.lines) else ""

    @property
    def here(self) -> str:
        """The line that the scanner stopped in."""
        return self.line(self.spot[0])

    @property
    def began(self) -> Spot:
        """The place at which the thing it was reading began; else where it stopped."""
        return self.refused.began or self.refused.spot


def value_at(case: BrokenText) -> tuple[Spot, str] | None:
    """Return the value that the scanner stopped at, with its place, if the line is a key or a dash and a value."""
    for number in (case.spot[0], case.began[0]):
        found = VALUE.match(case.line(number))
        if found is not None:
            return (number, found.start(2), len(found[2])), found[2]
    return None


def marked_key(case: BrokenText) -> tuple[Spot, str] | None:
    """Return the key of the line that the scanner stopped at if an anchor or a tag stands before it."""
    for number in (case.spot[0], case.began[0]):
        found = _MARKED_KEY.match(case.line(number))
        if found is not None:
            return (number, found.start(1), len(found[1])), found[1]
    return None


def line_above(case: BrokenText, number: int) -> int:
    """Return the number of the nearest line above that says something."""
    number -= 1
    while number > 0 and (not case.line(number).strip() or case.line(number).lstrip().startswith("#")):
        number -= 1
    return number


def indent_of(line: str) -> int:
    """Return how many spaces *line* begins with."""
    return len(line) - len(line.lstrip(" "))


def unclosed_quote(case: BrokenText) -> Fault | None:
    """Return where a text begins with a quote and never ends."""
    if "quoted scalar" not in case.refused.context or "end of stream" not in case.refused.problem:
        return None
    line, column, _ = case.began
    quote = case.line(line)[column : column + 1]
    rest = case.line(line)[column:]
    if rest.startswith("'") and re.search(r"\w'\w", rest):
        hint = "within single quotes an apostrophe is written twice: ''; or put double quotes around the text"
    else:
        hint = f"close it with another {quote} at the end of the text"
    return Fault(
        "unclosed-quote", (line, column, len(rest.rstrip())), f"a text begins with {quote} and never ends", hint
    )


def bad_escape(case: BrokenText) -> Fault | None:
    """Return a backslash that means nothing within double quotes."""
    if "double-quoted" not in case.refused.context:
        return None
    line, column, _ = case.spot
    shown = case.line(line)[max(0, column - 1) : column + 1]
    return Fault(
        "bad-escape",
        (line, max(0, column - 1), 2),
        f"{quoted(shown)} means nothing within double quotes",
        "write the backslash twice, or put the text in single quotes, where it is a character like any other",
    )


def behind_quote(case: BrokenText) -> Fault | None:
    """Return what stands behind a closing quote."""
    for number in (case.spot[0], case.began[0]):
        found = _AFTER_QUOTE.match(case.line(number))
        if found is not None:
            rest = found[2].rstrip()
            hint = "put the quotes around the whole value"
            if found[1].startswith("'") and found.end(1) == found.start(2):
                hint = "within single quotes an apostrophe is written twice: ''; or put double quotes around the text"
            spot = (number, found.start(2), len(rest))
            return Fault("text-after-quote", spot, f"{quoted(rest)} stands behind the closing quote", hint)
    return None


def asterisk(case: BrokenText) -> Fault | None:
    """Return a value that begins with an asterisk: a cron expression, or a name for something written elsewhere."""
    value = value_at(case)
    if value is None or not value[1].startswith("*"):
        return None
    spot, text = value
    if re.fullmatch(r"\*(?:/\d+)?(?: +\S+){4}", text):
        message = "a value that begins with * needs quotes"
        key = _KEY_BEFORE.match(case.line(spot[0]))
        if key is None or key[1] == "cron":
            return Fault("asterisk", spot, message, f'put the cron expression in quotes\nWrite:  cron: "{text}"')
        return Fault("asterisk", spot, message, f"write cron before it\nWrite:  {key[1]}: cron {text}")
    offer, hint = _phrase_for(text)
    key = _KEY_BEFORE.match(case.line(spot[0]))
    if offer is not None and key is not None and key[1] != "cron":
        return Fault("asterisk", spot, f"{quoted(text)} begins no schedule", f"{hint}\nWrite:  {key[1]}: {yaml(offer)}")
    if text.startswith(("* ", "*/")):
        return Fault("asterisk", spot, "a value that begins with * needs quotes", hint)
    return Fault(
        "alias",
        spot,
        f"{quoted(text)} stands for something written elsewhere",
        "say it again in full; what several jobs share belongs under defaults, or in quotes if it is a text",
    )


def anchor(case: BrokenText) -> Fault | None:
    """Return a name that is given to a value with an ampersand."""
    value = value_at(case) or marked_key(case)
    if value is None or not value[1].startswith("&"):
        return None
    hint = "take it out; what several jobs share belongs under defaults. A text that begins with & needs quotes"
    (line, column, _), text = value
    name = text.split(" ")[0]
    return Fault("anchor", (line, column, len(name)), f"{quoted(name)} gives the value a name", hint)


def tag(case: BrokenText) -> Fault | None:
    """Return the type of a value, written with an exclamation mark."""
    value = value_at(case) or marked_key(case)
    if value is None or not value[1].startswith("!"):
        return None
    hint = "take it out: every value is read by its key. A text that begins with ! needs quotes"
    (line, column, _), text = value
    name = text.split(" ")[0]
    return Fault("tag", (line, column, len(name)), f"{quoted(name)} tells the type of a value", hint)


def braces(case: BrokenText) -> Fault | None:
    """Return that a mapping is written in braces."""
    line = case.line(case.began[0])
    found = _BRACE_VALUE.search(line)
    if found is None:
        return None
    return Fault(
        "mapping-in-braces",
        (case.began[0], found.end() - 1, 1),
        "a mapping is written in braces",
        "write each key on a line of its own, indented below; a text that begins with { needs quotes",
    )


def collection_as_key(case: BrokenText) -> Fault | None:
    """Return that a list, or a mapping in braces, stands where a key belongs."""
    if case.refused.problem != COLLECTION_AS_KEY:
        return None
    line, column, length = case.spot
    while column and case.line(line)[column - 1] in "[{":  # a key within that key
        column -= 1
    written = _COLLECTION_KEY.match(case.line(line), column)
    is_list = case.line(line)[column : column + 1] != "{"
    message = f"{'a list' if is_list else 'a mapping'} stands where a key belongs"
    hint = f"a key is one name, without {'brackets' if is_list else 'braces'}"
    if written is None:
        return Fault("collection-as-key", (line, column, length), message, hint)
    names = [name.strip() for name in written[1].strip("[]{} ").split(",")]
    value = written[2] or ""
    is_first = column == indent_of(case.line(line))
    known = line > 0 or not case.keys or set(names) <= {*case.keys}
    if is_first and known and all(map(_A_NAME.fullmatch, names)) and (value or len(names) == 1):
        hint += "\nWrite:  " + "\n        ".join(f"{name}: {value}".rstrip() for name in names)
    return Fault("collection-as-key", (line, column, len(written[1])), f"{message}: {quoted(written[1])}", hint)


def odd_start(case: BrokenText) -> Fault | None:
    """A value that begins with a character that YAML keeps for itself."""
    value = value_at(case)
    if value is None or value[1][0] not in "@`%,]}|>?" or _BLOCK_BEGINS.fullmatch(value[1]):
        return None
    spot, text = value
    if text[0] in "|>" and "block scalar" in case.refused.context:
        hint = (
            f"write {text[0]} alone at the end of the line, and the text on the lines below; or put the value in quotes"
        )
        return Fault("bad-text-block", spot, f"{quoted(text)} does not begin a text over several lines", hint)
    offer = _phrase_for(text)[0] if text[0] == "@" else None
    key = _KEY_BEFORE.match(case.line(spot[0]))
    if offer is not None and key is not None:
        hint = f'did you mean "{offer}"?\nWrite:  {key[1]}: {offer}'
        return Fault("needs-quotes", spot, f"a value cannot begin with {quoted(text[0])}", hint)
    return Fault(
        "needs-quotes",
        spot,
        f"a value cannot begin with {quoted(text[0])}",
        f"put it in quotes\nWrite:  {_keyed(case, text)}",
    )


def _phrase_for(text: str) -> tuple[str | None, str]:
    """Return the phrase that says what *text*, which is none, means, if there is one, and the hint that says so."""
    try:
        read_phrase(text)
    except Unreadable as problem:
        return problem.instead, problem.hint
    return None, ""


def _keyed(case: BrokenText, text: str) -> str:
    found = VALUE.match(case.here)
    before = "" if found is None else found[1].strip() + " "
    return before + yaml(text)
