"""Quotes that do not end where they should, and characters that mean something to YAML and nothing here."""

from __future__ import annotations

import re
from typing import Final

from aperture_plugin.config.faults.case import VALUE, Case, marked_key, value_at
from aperture_plugin.config.hints import yaml
from aperture_plugin.config.walking import Finding
from aperture_plugin.words.phrases import read_phrase
from aperture_plugin.words.unreadable import Unreadable, quoted

__all__ = ["anchor", "asterisk", "bad_escape", "behind_quote", "braces", "odd_start", "tag", "unclosed_quote"]

_BLOCK_BEGINS: Final = re.compile(r"[|>][-+]?")
_KEY_BEFORE: Final = re.compile(r" *(?:- +)?([A-Za-z0-9][A-Za-z0-9._ -]*?) *:")
_AFTER_QUOTE: Final = re.compile(
    r" *(?:- +)?(?:[^\s:'\"#][^:#]*?: +)?('(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\") *([^\s#:].*)$"
)
_BRACE_VALUE: Final = re.compile(r": *\{|^ *(?:- +)?\{")


def unclosed_quote(case: Case) -> Finding | None:
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
    return Finding(
        "unclosed-quote", (line, column, len(rest.rstrip())), f"a text begins with {quote} and never ends", hint
    )


def bad_escape(case: Case) -> Finding | None:
    """Return a backslash that means nothing within double quotes."""
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


def behind_quote(case: Case) -> Finding | None:
    """Return what stands behind a closing quote."""
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


def asterisk(case: Case) -> Finding | None:
    """Return a value that begins with an asterisk: a cron expression, or a name for something written elsewhere."""
    value = value_at(case)
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


def anchor(case: Case) -> Finding | None:
    """Return a name that is given to a value with an ampersand."""
    value = value_at(case) or marked_key(case)
    if value is None or not value[1].startswith("&"):
        return None
    hint = "take it out; what several jobs share belongs under defaults. A text that begins with & needs quotes"
    (line, column, _), text = value
    name = text.split(" ")[0]
    return Finding("anchor", (line, column, len(name)), f"{quoted(name)} gives the value a name", hint)


def tag(case: Case) -> Finding | None:
    """Return the type of a value, said with an exclamation mark."""
    value = value_at(case) or marked_key(case)
    if value is None or not value[1].startswith("!"):
        return None
    hint = "take it out: every value is read by its key. A text that begins with ! needs quotes"
    (line, column, _), text = value
    name = text.split(" ")[0]
    return Finding("tag", (line, column, len(name)), f"{quoted(name)} tells the type of a value", hint)


def braces(case: Case) -> Finding | None:
    """Return that a mapping is written in braces."""
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


def odd_start(case: Case) -> Finding | None:
    """A value that begins with a character that YAML keeps for itself."""
    value = value_at(case)
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


def _keyed(case: Case, text: str) -> str:
    found = VALUE.match(case.here)
    before = "" if found is None else found[1].strip() + " "
    return before + yaml(text)
