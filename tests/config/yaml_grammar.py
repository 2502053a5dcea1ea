"""Texts made by the grammar of YAML: every form of node in every place, with keys of ours among others."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["documents"]

_WORDS = st.sampled_from(
    [
        *("schedules", "presets", "defaults", "queues", "limits", "lint", "expect", "preset", "timezone", "state"),
        *("scan", "backup", "type", "schedule", "time", "needs", "params", "command", "environment", "retry", "items"),
        *(
            "daily",
            "daily at 2 AM",
            "every hour",
            "2:00 AM",
            "manual",
            "default",
            "1",
            "3 AM, 4 PM",
            "UTC",
            "~",
            "null",
        ),
        *("", "*", "&a", "*a", "!t", "!!str", "<<", "=", "@", "%", "a b", "é", "a: b", "a:b", "#", "- a", "? a"),
    ]
)
_QUOTES = st.sampled_from(["{}", "{}", "{}", "{}", '"{}"', "'{}'", "&x {}", "!!str {}", "*{}", "{} # said", "{}:"])
_ENDS = st.sampled_from(["\n", "\n", "\n", "\n", "\n\n", "\n# said\n", "  \n", "\t\n", "\r\n"])


def _scalars() -> st.SearchStrategy[str]:
    return st.builds(lambda form, word: form.replace("{}", word), _QUOTES, _WORDS)


def _flows() -> st.SearchStrategy[str]:
    """Nodes on one line, in brackets and braces; keys may be any node."""

    def deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        items = st.lists(inner, max_size=3)
        pairs = st.lists(st.tuples(inner, inner), max_size=2)
        return st.one_of(
            items.map(lambda found: f"[{', '.join(found)}]"),
            pairs.map(lambda found: f"{{{', '.join(f'{key}: {value}' for key, value in found)}}}"),
            pairs.map(lambda found: f"[{', '.join(f'{key}: {value}' for key, value in found)}]"),
            st.tuples(inner, inner).map(lambda pair: f"{{? {pair[0]} : {pair[1]}}}"),
        )

    return st.recursive(_scalars(), deeper, max_leaves=4)


@st.composite
def _blocks(draw: st.DrawFn, indent: int, depth: int) -> str:
    """Draw the lines of a mapping, a list or a text at the column *indent*."""
    lines = []
    step = draw(st.sampled_from([2, 2, 2, 1, 4]))
    form = draw(st.sampled_from(["keys", "keys", "keys", "items", "text", "compact"]))
    for _ in range(draw(st.integers(1, 3))):
        at = " " * max(0, indent + draw(st.sampled_from([0, 0, 0, 0, 0, 0, 1, -1])))
        key = draw(_flows())
        end = draw(_ENDS)
        below = depth > 0 and draw(st.booleans())
        value = end + draw(_blocks(indent + step, depth - 1)) if below else " " + draw(_flows()) + end
        match form:
            case "keys":
                lines.append(f"{at}{key}:{value}" if draw(st.integers(0, 9)) else f"{at}? {key}{end}{at}:{value}")
            case "items":
                lines.append(f"{at}-{value}")
            case "compact":
                lines.append(f"{at}- {key}:{value}")
            case "text":
                mark = draw(st.sampled_from(["|", ">", "|-", ">+2", '"', "'", ""]))
                lines.append(f"{at}{key}: {mark}{end}{at}  {draw(_WORDS)}\n")
    return "".join(lines)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Draw a whole text: markers, sections of ours and others, nodes of every form in every place."""
    parts = []
    if draw(st.integers(0, 4)) == 0:
        parts.append(
            draw(st.sampled_from(["---\n", "--- \n", "---\t\n", "--- # said\n", "--- a\n", "%YAML 1.2\n---\n", "..."]))
        )
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            section = draw(st.sampled_from(["schedules", "presets", "defaults", "queues", "limits", "lint", "expect"]))
            name = draw(
                st.sampled_from(["", "  scan:\n", "  base:\n    schedules:\n      scan:\n", "  scan:\n    params:\n"])
            )
            indent = (
                len(name.rstrip("\n").rpartition("\n")[2]) - len(name.rstrip("\n").rpartition("\n")[2].lstrip())
            ) + 2
            parts.append(f"{section}:\n{name}{draw(_blocks(indent, 2))}")
        else:
            parts.append(draw(_blocks(0, 3)))
    if draw(st.integers(0, 4)) == 0:
        parts.append(draw(st.sampled_from(["...\n", "... junk\n", "...\t\n", "... # said\n", "---\n", "---\na: b\n"])))
    return "".join(parts)
