"""A comparison as a comment under a pull request.

Words of the file stand in code spans: nothing in them is markup there, and nobody is mentioned by accident. The
comment stays far below the size at which hosts refuse one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from aperture_plugin.app.diff.comparison import Comparison
from aperture_plugin.app.diff.diff_text import Section, headline, sections, span_text
from aperture_plugin.app.diff.sides import Side
from aperture_plugin.config.problem_report import text_reports

__all__ = ["MARK", "markdown_of", "markdown_of_problems"]

MARK: Final = "<!-- aperture diff -->"
"""The first line of every comment, by which a pipeline finds the one to replace."""

_MOST_ROWS: Final = 50
_LONGEST_CELL: Final = 200
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~&@])")


def markdown_of(comparison: Comparison, notes: Sequence[str] = ()) -> str:
    """Return *comparison*, and *notes* that go before it, as GitHub's and GitLab's markdown has it."""
    lines = [MARK, f"### {_text(f'{comparison.old.name} → {comparison.new.name}')}", "", _text(headline(comparison))]
    for note in notes:
        lines += ["", f"> {_text(note)}"]
    for section in sections(comparison):
        lines += ["", *_section(section)]
    if not comparison.is_nothing:
        lines += ["", f"<sub>Slots were held against each other over {_text(span_text(comparison))}.</sub>"]
    return "\n".join(lines)


def markdown_of_problems(side: Side) -> str:
    """Return the errors of a file that is not valid, as `check` shows them."""
    reading = side.reading
    assert reading is not None, "what is not there has no problems"
    errors = [problem for problem in reading.problems if problem.is_error]
    count = f"{len(errors)} error" if len(errors) == 1 else f"{len(errors)} errors"
    shown = "\n\n".join(text_reports(errors[:_MOST_ROWS], reading.text))
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    head = [MARK, f"### {_text(side.name)} is not valid", "", f"{count}; the last good schedule would go on.", ""]
    return "\n".join([*head, f"{fence}text", shown, fence])


def _section(section: Section) -> Iterator[str]:
    table = list(_table(section))
    if section.aside:
        yield f"<details><summary>{_text(section.title)}</summary>"
        yield ""
        yield from table
        yield ""
        yield "</details>"
        return
    yield f"#### {_text(section.title)}"
    yield ""
    yield from table


def _table(section: Section) -> Iterator[str]:
    yield f"| {' | '.join(map(_text, section.headings))} |"
    yield f"|{'---|' * len(section.headings)}"
    for row in section.rows[:_MOST_ROWS]:
        cells = (_code(cell) if place in section.written else _text(cell) for place, cell in enumerate(row))
        yield f"| {' | '.join(cells)} |"
    if len(section.rows) > _MOST_ROWS:
        yield ""
        yield f"and {len(section.rows) - _MOST_ROWS:,} more"


def _code(text: str) -> str:
    """Return *text* as a code span that a table can hold."""
    text = _cut(" ".join(text.split()))
    if text in {"", "–"}:
        return text
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    # A bar ends a cell even within a code span, unless it is escaped.
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|")


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", _cut(" ".join(text.split())))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
