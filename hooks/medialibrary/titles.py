"""A title, and its form in the shipped data and in a media folder."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from .tables import DATA, read_table

__all__ = ["KINDS", "NotATitle", "Title", "file_of", "key_of", "nfo_text", "read_nfo", "shipped_titles"]

_SHELVES: Final = {"movie": "movies", "series": "series"}
"""The folder that titles of each kind lie in."""

KINDS: Final = tuple(_SHELVES)

_COLUMNS: Final = ("kind", "title", "year", "genres", "plot")


class NotATitle(ValueError):
    """A file of the media folder does not describe a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A movie or a series.

    Attributes:
        kind: One of `KINDS`.
        genres: Joined by `; `. Empty if unknown.
        plot: Empty if unknown.
    """

    kind: str
    title: str
    year: int
    genres: str = ""
    plot: str = ""

    @property
    def key(self) -> str:
        """The identity of the title, wherever its file lies: `salt-ledger-1996`."""
        return key_of(self.title, self.year)


def key_of(title: str, year: int) -> str:
    """Return the key of a title: its letters and digits, then its year.

    >>> key_of("The Sexton's Alibi", 2000)
    'the-sextons-alibi-2000'
    """
    plain = unicodedata.normalize("NFKC", title).casefold().replace("'", "")
    words = re.findall(r"[^\W_]+", plain)
    return "-".join([*words, str(year)])


def shipped_titles(file: str = "titles.csv") -> list[Title]:
    """Return the titles in *file* of the data we ship, in its order."""
    return [_title_of(row) for row in read_table(DATA / file, _COLUMNS)]


def file_of(title: Title) -> str:
    """Return where the title's file lies in a media folder, without what some file systems cannot write.

    >>> file_of(Title(kind="movie", title="Salt Ledger", year=1996))
    'movies/Salt Ledger (1996).nfo'
    """
    name = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', " ", title.title).strip(" .")
    return f"{_SHELVES[title.kind]}/{name} ({title.year}).nfo"


def nfo_text(title: Title) -> str:
    """Return the file of *title*: one `name: value` a line, what is not known left out."""
    fields = {name: str(getattr(title, name)) for name in _COLUMNS}
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def read_nfo(text: str) -> Title:
    """Return the title in *text*.

    An indented line continues the value before it; unknown names are ignored.

    Raises:
        NotATitle: The title or the year is missing, or the kind is not one of `KINDS`.

    >>> read_nfo("kind: movie\\ntitle: Salt Ledger\\nyear: 1996\\nplot: A bookkeeper\\n  counts.\\n").plot
    'A bookkeeper counts.'
    """
    fields: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line[:1].isspace() and name:
            fields[name] = f"{fields[name]} {line.strip()}".strip()
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return _title_of(fields)


def _title_of(fields: dict[str, str]) -> Title:
    kind, title, year = (fields.get(name, "") for name in ("kind", "title", "year"))
    if kind not in KINDS:
        raise NotATitle(f'expected a kind of {" or ".join(KINDS)}, found "{kind}"')
    if not title:
        raise NotATitle("it has no title")
    if not (year.isascii() and year.isdigit() and len(year) == 4):
        raise NotATitle(f'expected a year of four digits, found "{year}"')
    return Title(kind=kind, title=title, year=int(year), genres=fields.get("genres", ""), plot=fields.get("plot", ""))
