"""Parts of the pictures that are made with rich: rows, bars, states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from aperture_plugin.cli.columns import STYLES
from aperture_plugin.words.plain_text import plain_line

__all__ = ["bar", "grid", "status_text", "styled", "table"]

_BAR: Final = 16


def table(*headings: str, rows: Iterable[Sequence[str | Text]], right: Sequence[str] = ()) -> Table:
    """Return a table with a heading over each column; the columns named in *right* are set flush right.

    It folds what does not fit, at a price: for thousands of rows see `columns`.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for heading in headings:
        made.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def grid(rows: Iterable[Sequence[str | Text]]) -> Table:
    """Return rows under one another, without headings or lines."""
    made = Table.grid(padding=(0, 2, 0, 0))
    for row in rows:
        made.add_row(*row)
    return made


def styled(text: str, style: str) -> Text:
    """Return *text*, which a job or a file wrote, in a style of ours; nothing in it is markup."""
    return Text(plain_line(text), style=style)


def status_text(status: str) -> Text:
    """Return a run's or a job's state in its color."""
    return Text(status, style=STYLES.get(status, ""))


def bar(done: int | None, total: int | None) -> Text:
    """Return how far a run is: `━━━━━━──────────  38 %  152/400`; nothing where it does not say."""
    if done is None:
        return Text("")
    if not total:
        return Text(f"{done:,}")
    share = min(1.0, done / total)
    full = int(share * _BAR)
    return Text.assemble(
        ("━" * full, "cyan"), ("─" * (_BAR - full), "dim"), f" {share:4.0%}".replace("%", " %"), f"  {done:,}/{total:,}"
    )
