"""CSV files with a heading: the shipped data, and the exports of the media server."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Final

from .problems import LibraryProblem

__all__ = ["DATA", "read_table"]

DATA: Final = Path(__file__).parent / "data"
"""The folder of the data we ship."""


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of the CSV file at *path*, stripped; a cell that is missing reads as empty.

    Args:
        columns: Names that its heading must have; others are ignored.
    Raises:
        LibraryProblem: The file is not there, is not text, or lacks a column.
    """
    try:
        # utf-8-sig: spreadsheets like to begin a file with a byte order mark.
        reader = csv.DictReader(StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise LibraryProblem(f"{path} has no column {', '.join(missing)}")
        return [{column: (row[column] or "").strip() for column in columns} for row in reader]
    except FileNotFoundError:
        raise LibraryProblem(
            f"{path} is not there: put it back, or delete the library's folder to begin anew"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise LibraryProblem(f"{path} cannot be read: {error}") from error
