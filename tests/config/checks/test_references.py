"""Names that lead nowhere, in words that many jobs share."""

from __future__ import annotations

from collections.abc import Callable

from aperture_plugin.config.model import Reading

ReadFile = Callable[..., Reading]


def test_an_undeclared_limit_in_defaults_is_told_once_at_its_own_place(read_file: ReadFile) -> None:
    reading = read_file(
        "defaults:\n  limit: [tmdb, omdb]\n  queue: quick\nschedules:\n  scan: daily at 2 AM\n  sync: manual\n"
    )

    told = [(problem.code, problem.place.line, problem.place.column) for problem in reading.problems]

    assert told == [("unknown-limit", 2, 11), ("unknown-limit", 2, 17), ("unknown-queue", 3, 10)]
