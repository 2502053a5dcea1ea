"""strictyaml's own scanner, asked wherever `plain` is in doubt.

What it accepts is accepted and what it refuses is refused: it is the authority. Its events are put
together here, without recursion and no deeper than `DEEPEST` levels, and keep their exact marks, which
strictyaml's own composer throws away. It takes about a second for 100 KiB of text, which is why it is
asked about single entries and not about files.
"""

from __future__ import annotations

from typing import Any

from strictyaml.exceptions import StrictYAMLError
from strictyaml.parser import StrictYAMLLoader
from strictyaml.ruamel import YAMLError
from strictyaml.ruamel.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from aperture_plugin.config.yaml.nodes import (
    COLLECTION_AS_KEY,
    DEEPEST,
    NOWHERE,
    TOO_DEEP,
    Mapping,
    Node,
    Scalar,
    Sequence,
    Spot,
    YamlRefused,
)

__all__ = ["scan"]


class _Loader(StrictYAMLLoader):  # type: ignore[misc]  # strictyaml is not typed
    label = "schedules"
    # Lists may be written on one line; mappings in braces are refused by `walking`.
    allow_flow_style = True


def scan(text: str, depth: int = 0) -> Node | None:
    """Return what *text*, one document, says; None if there is nothing in it.

    Args:
        depth: Number of lists and mappings *text* stands in.
    Raises:
        Refused: strictyaml refuses it, or it is nested deeper than `DEEPEST`.

    >>> scan("type: daily").pairs[0][1].spot
    (0, 6, 5)
    """
    try:
        return _composed(_Loader(text), DEEPEST - depth)
    except YamlRefused:
        raise
    except (YAMLError, StrictYAMLError) as error:
        raise _refused(error) from None
    except (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        # It stumbles over a few malformed texts instead of refusing them; either way it has not read them.
        raise YamlRefused("stumbled", (0, 0, 1)) from error


def _composed(loader: Any, deepest: int) -> Node | None:  # noqa: PLR0912  # one case for each kind of event
    open_nodes: list[tuple[Any, list[Any]]] = []
    root: Node | None = None
    while loader.check_event():
        event = loader.get_event()
        node: Node
        match event:
            case ScalarEvent():
                node = _scalar(event)
            case MappingStartEvent() | SequenceStartEvent():
                if len(open_nodes) >= deepest:
                    raise YamlRefused(TOO_DEEP, _spot(event.start_mark))
                open_nodes.append((event, []))
                continue
            case MappingEndEvent():
                start, parts = open_nodes.pop()
                _check_keys(parts[::2])
                node = Mapping(list(zip(parts[::2], parts[1::2], strict=True)), _start(start, parts), start.flow_style)
            case SequenceEndEvent():
                start, parts = open_nodes.pop()
                node = Sequence(parts, _start(start, parts))
            case AliasEvent():
                raise YamlRefused("alias", _spot(event.start_mark, event.end_mark))
            case DocumentStartEvent():
                if root is not None:
                    raise YamlRefused("several documents", _spot(event.start_mark))
                continue
            case StreamStartEvent() | DocumentEndEvent():
                continue
            case StreamEndEvent():
                break
        if open_nodes:
            start, parts = open_nodes[-1]
            if type(node) is Scalar and node.plain and not node.text and type(start) is MappingStartEvent and parts:
                # The scanner's mark of a value that is not there is that of whatever follows it.
                node = Scalar("", parts[-1].spot)
            parts.append(node)
        else:
            root = node
    return root


def _check_keys(keys: list[Any]) -> None:
    """Refuse keys that are lists or mappings, which YAML allows and no file of ours has."""
    for key in keys:
        if type(key) is not Scalar:
            raise YamlRefused(COLLECTION_AS_KEY, key.spot)


def _scalar(event: Any) -> Scalar:
    start, end = event.start_mark, event.end_mark
    spot = _spot(start, end)
    if event.style in ("|", ">"):
        # The mark of a folded line that strictyaml's scanner leaves for printing is no part of the text.
        return Scalar(event.value.replace("\a", ""), (start.line, start.column, 1), NOWHERE, plain=False)
    quotes = 1 if event.style else 0
    literal = start.line == end.line and end.column - start.column == len(event.value) + 2 * quotes
    return Scalar(event.value, spot, quotes if literal else NOWHERE, plain=not quotes)


def _start(event: Any, parts: list[Any]) -> Spot:
    if not event.flow_style and parts:
        return parts[0].spot  # type: ignore[no-any-return]
    return _spot(event.start_mark)


def _spot(start: Any, end: Any = None) -> Spot:
    if end is not None and end.line == start.line:
        return start.line, start.column, max(1, end.column - start.column)
    return start.line, start.column, 1


def _refused(error: Any) -> YamlRefused:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    began = getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return YamlRefused(
        str(problem),
        (0, 0, 1) if mark is None else _spot(mark),
        str(getattr(error, "context", None) or ""),
        None if began is None else _spot(began),
    )
