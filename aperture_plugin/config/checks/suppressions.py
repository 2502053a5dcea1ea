"""Warnings that a file suppresses: `lint: ignore: [due-together, short-month of database-backup]`.

A lint sees what usually is a mistake. Where it is meant, the file says so, for everybody who reads it; an error
cannot be ignored.
"""

from __future__ import annotations

import re
from typing import Final

from aperture_plugin.config.checks.problem_codes import CODES, WARNINGS
from aperture_plugin.config.layers.entries import FileWords, place_of
from aperture_plugin.config.problems import Problems, Silenced
from aperture_plugin.words.did_you_mean import meaning, nearest
from aperture_plugin.words.names import read_job_name
from aperture_plugin.words.parse_error import Unreadable, quoted, read_part

__all__ = ["read_ignored", "silenced_of"]

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")
_OF: Final = re.compile(r"\s*(\S+)(?:\s+of\b(.*))?\s*", re.DOTALL)
_EXPECTED: Final = "expected the code of a warning, as check shows it in brackets"


def read_ignored(text: str) -> tuple[str, str | None]:
    """Return the code that *text* says, and the job that it is ignored of; None for all.

    A code that nobody here has may be one of a host's own lint.

    Raises:
        Unreadable: `bad-ignore`.

    >>> read_ignored("due-together"), read_ignored("short-month of database-backup")
    (('due-together', None), ('short-month', 'database-backup'))
    """
    found = _OF.fullmatch(text)
    if found is None or not _CODE.fullmatch(found[1]):
        raise Unreadable(
            "bad-ignore",
            f"{quoted(text)} is not the code of a warning",
            f"{_EXPECTED}, such as due-together, or of one job only: due-together of library-scan",
            length=len(text),
        )
    code: str = found[1]
    if code in CODES and code not in WARNINGS:
        raise Unreadable(
            "bad-ignore",
            f"{quoted(code)} is an error, and cannot be ignored",
            "mend what it tells; only warnings can be ignored",
            length=len(code),
        )
    near = None if code in WARNINGS else nearest(code, WARNINGS)
    # A host's code may well be one of ours with the host's name before it.
    if near is not None and near.count("-") == code.replace("_", "-").count("-"):
        raise Unreadable(
            "bad-ignore",
            f"{quoted(code)} is not the code of a warning",
            _EXPECTED + meaning(code, near),
            length=len(code),
            instead=text.replace(code, near, 1),
        )
    return code, None if found[2] is None else read_part(text, found.start(2), len(text), read_job_name)


def silenced_of(words: FileWords, problems: Problems) -> Silenced:
    """Return the warnings that a file suppresses; of a job that it has in no layer it is warned."""
    parsed = words.lint.get("ignore")
    if parsed is None or not isinstance(parsed.value, tuple):
        return frozenset()
    jobs = set(words.schedules).union(*(preset.jobs for preset in (words.presets or {}).values()), words.lost)
    for item in parsed.value:
        _, job = item.value
        if job is not None and job not in jobs:
            problems.warn(
                "unknown-ignore",
                at=place_of(item.spot, 0),
                message=f"there is no job {quoted(job)} in this file",
                hint="expected the name of a job of this file" + meaning(job, nearest(job, tuple(jobs))),
            )
    return frozenset(item.value for item in parsed.value)
