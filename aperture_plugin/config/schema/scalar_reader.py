"""Reads a single value, and explains one that cannot be read: quotes, spaces and characters that mislead."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from aperture_plugin.config.schema import hints
from aperture_plugin.config.schema.parsed_values import Fault, ParsedValue
from aperture_plugin.config.schema.schema_types import Reads
from aperture_plugin.config.schema.value_parsers import read_text
from aperture_plugin.config.yaml.nodes import NOWHERE, Node, Scalar
from aperture_plugin.words.parse_error import Unreadable, quoted

__all__ = ["LONGEST_WORDS", "empty_fault", "illegible", "odd_space", "read_scalar"]

_ODD_SPACE: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_CURLY: Final = "“”„‟‘’‚‛«»‹›′″＂＇`´"
_NTH_WEEKDAY: Final = re.compile(r"[0-9A-Za-z]#[0-9]")
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")

LONGEST_WORDS: Final = 100_000
"""Characters of one value that is more than a text of the person's own: reading such words takes a while."""


def read_scalar(
    shape: Reads,
    node: Scalar,
    key: Scalar,
    findings: list[Fault],
    *,
    write: bool = False,
    dash: bool = False,
    behind: Node | None = None,
) -> ParsedValue | None:
    """Return what *node*, a value behind *key* or a name, says.

    Args:
        write: True if a line can be offered that has another value behind *key*.
        dash: True if one can be offered that has another value behind a dash.
        behind: The node behind *node* if that is a name: another one can be offered before it.
    """
    text = node.text
    if not text and node.plain:
        findings.append(empty_fault(key, f"write a value, such as  {hints.line(key.text, shape.example)}"))
        return None
    if illegible(node, findings):
        return None
    if len(text) > LONGEST_WORDS and shape.read_anew not in (read_text, str):
        message = f"the value has {len(text):,} characters"
        hint = f"expected at most {LONGEST_WORDS:,}; write a list, or several jobs"
        findings.append(Fault("value-too-long", node.spot, message, hint))
        return None
    try:
        return ParsedValue(shape.reader(text), node.spot, key.spot, text)
    except Unreadable as problem:
        start, length, instead = problem.start, problem.length, problem.instead
        code, message, hint = problem.code, problem.message, problem.hint
        disguised = _disguised(shape, node)
        if disguised is not None:
            start, length, instead = 0, len(text), _straight(text)
            code, message, hint = disguised
        elif (tidied := _tidied(shape, node)) is not None:
            hint, instead = tidied
        if write and instead is not None:
            hint = f"{hint}\nWrite:  {hints.line(key.text, instead)}"
        elif write and problem.beside:
            hint += hints.two_keys(key.text, problem.beside)
        elif dash and instead is not None:
            hint = f"{hint}\nWrite:  - {hints.yaml(instead)}"
        elif behind is not None and instead is not None:
            hint += hints.write(instead, behind)
        findings.append(Fault(code, node.part(start, length), message, hint))
        return None


def _disguised(shape: Reads, node: Scalar) -> tuple[str, str, str] | None:
    """Return what is wrong with a text that would read but for characters that only look like quotes or spaces."""
    straight = _straight(node.text)
    if node.text.isascii() or straight == node.text or len(straight) > LONGEST_WORDS:
        return None
    try:
        shape.reader(straight)
    except Unreadable:
        return None
    odd = odd_space(node.text)
    if odd is not None:
        return odd
    return (
        "curly-quotes",
        f"{quoted(node.text)} is in quotes that YAML takes for letters",
        "write straight quotes, or none",
    )


def _tidied(shape: Reads, node: Scalar) -> tuple[str, str] | None:
    """Return what to say of a text that would read without the comment that is stuck to it, or a single quote."""
    if not node.plain or len(node.text) > LONGEST_WORDS:
        return None
    for tidied, hint in (
        (node.text.partition("#")[0].rstrip(), "a comment has a space before its #"),
        (node.text.strip("'\""), "quotes stand at both ends of a value, or at none"),
    ):
        if tidied == node.text or not tidied or _NTH_WEEKDAY.search(node.text):
            continue
        try:
            shape.reader(tidied)
        except Unreadable:
            continue
        return hint, tidied
    return None


def odd_space(text: str) -> tuple[str, str, str] | None:
    """Return what is wrong with a name or value for a character in it that looks like a space and is none to YAML."""
    found = _ODD_SPACE.search(text)
    if found is None:
        return None
    number, name = ord(found.group()), unicodedata.name(found.group()).lower()
    where = "the text begins with" if found.start() == 0 else "the text has"
    message = f"{where} a character that only looks like a space: U+{number:04X}, {name}"
    return "odd-space", message, "write spaces of the space bar in its place"


def _straight(text: str) -> str:
    return " ".join(_ODD_SPACE.sub(" ", text).strip(_CURLY + " ").split(" "))


def illegible(node: Scalar, findings: list[Fault]) -> bool:
    """Report of a text that means something else to YAML, or has characters that nobody can see."""
    if node.plain:
        if node.text != "=":
            return False
        findings.append(Fault("lone-equals-sign", node.spot, '"=" alone is no text in YAML', 'put it in quotes: "="'))
        return True
    found = _UNSEEN.search(node.text) if node.inner == NOWHERE else None
    if found is None:
        return False
    message = f"the text has a character that cannot be seen: U+{ord(found.group()):04X}"
    hint = "take its escape out; only line ends and tabs may be in a text beside what can be seen"
    findings.append(Fault("unseen-character", node.spot, message, hint))
    return True


def empty_fault(key: Scalar, hint: str) -> Fault:
    """Return the fault of a key without a value."""
    return Fault("empty-value", key.spot, f"nothing stands behind {quoted(key.text)}", hint)
