"""Checks nodes against the schema: makes values with their places, and reports everything that is wrong.

One faulty value costs that value and nothing else; reading goes on beside it. Places stay relative to
the piece of text that was read (see `nodes`), so what was found once holds wherever the piece stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from aperture_plugin.config.schema import hints
from aperture_plugin.config.schema.parsed_values import FAULTY, Fault, ParsedValue, duplicate
from aperture_plugin.config.schema.scalar_reader import empty_fault, illegible, odd_space, read_scalar
from aperture_plugin.config.schema.schema_types import (
    Keys,
    Named,
    Nested,
    OneOrMany,
    PhraseOr,
    Reads,
    Reasoned,
    Schedules,
    Shape,
)
from aperture_plugin.config.yaml.nodes import NOWHERE, Mapping, Node, Scalar, Sequence, Spot
from aperture_plugin.words.parse_error import Unreadable, quoted

_JOINT: Final = re.compile(r" *, *(?:and +)?| +and +")
_LONGEST_LIST: Final = 1000

__all__ = ["misnamed", "parsed_by"]


def parsed_by(shape: Shape, node: Node, key: Scalar) -> tuple[ParsedValue | None, list[Fault]]:
    """Return what *node*, which stands behind *key*, says as *shape*, and what is wrong with it.

    A key whose value could not be read is there as `FAULTY`; where nothing could be read, the answer is None.
    """
    findings: list[Fault] = []
    return _WALKS[type(shape)](shape, node, key, findings), findings


def misnamed(shape: Keys | Named, key: Scalar) -> list[Fault]:
    """Return what is wrong with *key* as a name that the person gives."""
    findings: list[Fault] = []
    if isinstance(shape, Named):
        read_scalar(shape.name, key, key, findings, behind=Mapping([], key.spot))
    return findings


def _reads(shape: Reads, node: Node, key: Scalar, findings: list[Fault]) -> ParsedValue | None:
    if type(node) is not Scalar:
        expected = f"expected one value, such as  {hints.line(key.text, shape.example)}"
        if type(node) is Mapping and key.text == "schedule":
            expected += "; keys stand beside the others of the job, without the line of schedule"
        findings.append(_wrong_kind(node, key, expected))
        return None
    return read_scalar(shape, node, key, findings, write=True)


def _one_or_many(shape: OneOrMany, node: Node, key: Scalar, findings: list[Fault]) -> ParsedValue | None:
    item = shape.item
    if type(node) is Scalar:
        found: list[Fault] = []
        parsed = read_scalar(item, node, key, found, write=True)
        if found and _like_a_list(node):
            found = [_unclear_list(node, item)]
        findings += (_joined(item, node, key) or found) if found else ()
        return parsed and ParsedValue((parsed,), node.spot, key.spot, node.text)
    if type(node) is Mapping:
        expected = f"expected one value or a list, such as  {hints.line(key.text, f'[{item.example}]')}"
        findings.append(_wrong_kind(node, key, expected))
        return None
    assert type(node) is Sequence
    if not node.items and not shape.may_be_empty:
        hint = f"write what belongs in it, such as  {hints.line(key.text, f'[{item.example}]')}"
        findings.append(Fault("empty-list", node.spot, f"the list behind {quoted(key.text)} is empty", hint))
        return None
    items: list[ParsedValue] = []
    seen = set()
    for part in node.items:
        if type(part) is not Scalar:
            findings.append(_wrong_kind(part, key, f"expected one value in each place, such as {item.example}"))
            continue
        found = []
        parsed = read_scalar(item, part, part if part.text else key, found, dash=node.items[0].spot == node.spot)
        findings += [_unclear_list(part, item)] if found and _like_a_list(part) else found
        if parsed is None:
            continue
        if parsed.value in seen and not shape.may_repeat:
            message = f"{quoted(part.text)} stands in the list a second time"
            findings.append(Fault("repeated-item", part.spot, message, "take one of the two out"))
            continue
        seen.add(parsed.value)
        items.append(parsed)
    return ParsedValue(tuple(items), node.spot, key.spot) if items or not node.items else None


def _like_a_list(node: Scalar) -> bool:
    """Return whether a text looks meant as a list: on several lines, or behind a dash without a space."""
    return node.plain and (node.inner == NOWHERE or (node.text.startswith("-") and not node.text[1:2].isdigit()))


def _unclear_list(node: Scalar, item: Reads) -> Fault:
    return Fault(
        "unclear-list",
        node.spot,
        f"{quoted(node.text)} is read as one text",
        f"write each item on a line of its own, a dash and a space before it, all dashes in one column\n"
        f"Write:  - {item.example}",
    )


def _joined(item: Reads, node: Scalar, key: Scalar) -> list[Fault]:
    """Return what is wrong with one text that was meant to be a list, as each part of it would read."""
    parts = _JOINT.split(node.text.strip()) if len(node.text) < _LONGEST_LIST else []
    if len(parts) < 2:
        return []
    try:
        for part in parts:
            item.reader(part)
    except Unreadable:
        return []
    hint = f"write several as a list\nWrite:  {hints.yaml(key.text)}: [{', '.join(map(hints.yaml, parts))}]"
    return [Fault("unclear-list", node.spot, f"{quoted(node.text)} is read as one text", hint)]


def _keys(shape: Keys, node: Node, key: Scalar, findings: list[Fault]) -> ParsedValue | None:
    if type(node) is not Mapping:
        hint = hints.keys_behind(key.text, shape.keys)
        if key.text == "retry" and type(node) is Scalar and node.text.isascii() and node.text.isdigit():
            hint += f"\nWrite:  {hints.RETRY.format(node.text)}"
        findings.append(_no_keys(node, key, hint))
        return None
    if node.flow:
        findings.append(_wrong_kind(node, key, ""))
        return None
    values: dict[str, ParsedValue] = {}
    for name, value in _once_each(node, findings):
        behind = shape.keys.get(name.text)
        if behind is None:
            odd = None if name.text.isascii() else odd_space(name.text)
            message, hint, meant = hints.unknown_key(name.text, value, shape)
            if name.text in hints.LONG_UNITS and any(_says(pair, "type", "interval") for pair in node.pairs):
                hint, meant = hints.in_hours(name.text, value), "hours"
            findings.append(Fault("unknown-key", name.spot, message, hint) if odd is None else _at(name.spot, *odd))
            if meant is not None:
                values.setdefault(meant, ParsedValue(FAULTY, value.spot, name.spot))
            continue
        text = _WALKS[type(behind)](behind, value, name, findings)
        values[name.text] = ParsedValue(FAULTY, value.spot, name.spot) if text is None else text
    return ParsedValue(values, node.spot, key.spot)


def _named(shape: Named, node: Node, key: Scalar, findings: list[Fault]) -> ParsedValue | None:
    if type(node) is not Mapping:
        findings.append(_no_keys(node, key, hints.names_behind(key.text, shape.what)))
        return None
    if node.flow:
        findings.append(_wrong_kind(node, key, ""))
        return None
    values: dict[str, ParsedValue] = {}
    for name, value in _once_each(node, findings):
        if read_scalar(shape.name, name, name, findings, behind=value) is None:
            continue
        before = len(findings)
        text = _WALKS[type(shape.value)](shape.value, value, name, findings)
        if len(findings) > before and type(shape.value) is Reads and hints.like_a_job(value):
            hint = f"{findings[-1].hint}; {hints.A_JOB}"
            findings[-1] = findings[-1]._replace(hint=hint)
        values[name.text] = ParsedValue(FAULTY, value.spot, name.spot) if text is None else text
    return ParsedValue(values, node.spot, key.spot)


def _phrase_or_keys(shape: PhraseOr, node: Node, key: Scalar, findings: list[Fault]) -> ParsedValue | None:
    if type(node) is Mapping:
        return _keys(shape.keys, node, key, findings)
    if type(node) is Scalar:
        found: list[Fault] = []
        value = read_scalar(shape.schedules.phrase, node, key, found, write=True)
        findings += (_unspaced(shape.keys, node) or found) if found else ()
        return value
    return _schedules(shape.schedules, node, key, findings)


def _schedules(shape: Schedules, node: Node, key: Scalar, findings: list[Fault]) -> ParsedValue | None:
    """Return a schedule; of a list of several a tuple, in which one that is written as keys is a dict."""
    if type(node) is not Sequence:
        return _reads(shape.phrase, node, key, findings)
    if not node.items:
        hint = (
            f"write the schedules in it, or one behind the colon\nWrite:  {hints.line(key.text, shape.phrase.example)}"
        )
        findings.append(Fault("empty-list", node.spot, f"the list behind {quoted(key.text)} is empty", hint))
        return None
    items: list[ParsedValue | None] = []
    for part in node.items:
        if type(part) is Scalar:
            items.append(read_scalar(shape.phrase, part, part if part.text else key, findings, dash=True))
        elif type(part) is Mapping and not part.flow:
            items.append(_keys(shape.keys, part, key, findings))
        else:
            findings.append(_wrong_kind(part, key, hints.JOB_FORMS))
            items.append(None)
    if any(item is None for item in items):
        return None
    found = [item for item in items if item is not None]
    if len(found) == 1 and found[0].text:
        return found[0]._replace(key=key.spot)
    return ParsedValue(tuple(found), node.spot, key.spot)


def _unspaced(keys: Keys, node: Scalar) -> list[Fault]:
    """Return what is wrong with a text that is a key and a value but for the space after the colon."""
    line, column, length = node.spot
    text = node.text[:length]
    key, colon, value = text.partition(":")
    if not node.plain or not colon or not value or key not in keys.keys:
        return []
    return [_at((line, column, len(text)), *hints.no_space(key, value))]


def _says(pair: tuple[Scalar, Node], key: str, text: str) -> bool:
    name, value = pair
    return name.text == key and type(value) is Scalar and value.text == text


def _at(spot: Spot, code: str, message: str, hint: str) -> Fault:
    return Fault(code, spot, message, hint)


def _reasoned(shape: Reasoned, node: Node, key: Scalar, findings: list[Fault]) -> ParsedValue | None:
    """Return a tuple of pairs: the value, and the reason for it or None."""
    if type(node) is Mapping:
        example = f"- {shape.item.example}: {shape.reason.example}"
        findings.append(_wrong_kind(node, key, f"expected a list, a dash before each\nWrite:  {example}"))
        return None
    items: list[ParsedValue] = []
    for part in node.items if type(node) is Sequence else [node]:
        if type(part) is Mapping and not part.flow and len(part.pairs) == 1:
            [(name, behind)] = part.pairs
            value = read_scalar(shape.item, name, name, findings, behind=behind)
            if value is None:
                findings[-1] = findings[-1]._replace(hint=findings[-1].hint.replace("\nWrite:  ", "\nWrite:  - "))
            reason = _reads(shape.reason, behind, name, findings)
            if value is not None and reason is not None:
                items.append(ParsedValue((value.value, reason.value), name.spot, key.spot, value.text))
        elif type(part) is Scalar:
            value = read_scalar(shape.item, part, part if part.text else key, findings, dash=type(node) is Sequence)
            if value is not None:
                items.append(ParsedValue((value.value, None), part.spot, key.spot, value.text))
        else:
            expected = f"expected in each place a value, such as {shape.item.example}, alone or with a reason behind it"
            findings.append(_wrong_kind(part, key, expected))
    if type(node) is Sequence and not node.items:
        hint = f"write what belongs in it, such as  - {shape.item.example}: {shape.reason.example}"
        findings.append(Fault("empty-list", node.spot, f"the list behind {quoted(key.text)} is empty", hint))
    return ParsedValue(tuple(items), node.spot, key.spot) if items else None


def _nested(shape: Nested, node: Node, key: Scalar, findings: list[Fault]) -> ParsedValue | None:
    if type(node) is Scalar:
        return None if illegible(node, findings) else ParsedValue(node.text, node.spot, key.spot, node.text)
    if type(node) is Sequence:
        items = (_nested(shape, item, key, findings) for item in node.items)
        return ParsedValue(tuple(item for item in items if item is not None), node.spot, key.spot)
    assert type(node) is Mapping
    pairs = ((name.text, _nested(shape, value, name, findings)) for name, value in _once_each(node, findings))
    return ParsedValue({name: text for name, text in pairs if text is not None}, node.spot, key.spot)


_WALKS: Final[dict[type[Any], Callable[[Any, Node, Scalar, list[Fault]], ParsedValue | None]]] = {
    Reads: _reads,
    OneOrMany: _one_or_many,
    Keys: _keys,
    Named: _named,
    PhraseOr: _phrase_or_keys,
    Schedules: _schedules,
    Reasoned: _reasoned,
    Nested: _nested,
}


def _once_each(node: Mapping, findings: list[Fault]) -> Iterable[tuple[Scalar, Node]]:
    """Return the pairs whose keys can be keys, without those that stand a second time."""
    if node.flow:
        findings.append(Fault("mapping-in-braces", node.spot, *hints.BRACES))
        return ()
    pairs: dict[str, tuple[Scalar, Node]] = {}
    for pair in node.pairs:
        name = pair[0]
        if name.plain and name.text in ("<<", "="):
            findings.append(Fault("merge-key", name.spot, *hints.merge_key(name.text)))
        elif name.text in pairs:
            findings.append(duplicate(name.text, name.spot, pairs[name.text][0].spot))
        else:
            pairs[name.text] = pair
    return pairs.values()


def _no_keys(node: Node, key: Scalar, hint: str) -> Fault:
    if type(node) is Scalar and not node.text and node.plain:
        return empty_fault(key, hint)
    return _wrong_kind(node, key, hint)


def _wrong_kind(node: Node, key: Scalar, hint: str) -> Fault:
    match node:
        case Mapping(flow=True):
            message, hint = hints.BRACES
            return Fault("mapping-in-braces", node.spot, message, hint + hints.unbraced(key.text, node))
        case Mapping():
            found = "there are keys"
        case Sequence():
            found = "there is a list"
        case Scalar():
            found = f"there is only {quoted(node.text)}"
    return Fault("wrong-kind", node.spot, f"{found} behind {quoted(key.text)}", hint)
