"""Every code that a problem can carry, and what it tells: the one table that documents them.

A tool that filters problems goes by these names, so a code is never given another meaning. A test holds the
table to what the code raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from aperture_plugin.words.parse_codes import WORD_CODES

__all__ = ["CODES", "LINTS", "WARNINGS"]

_FILE: Final = {
    "directive": "A line that begins with %, a directive of YAML.",
    "empty-file": "A file in which nothing is written, or only comments.",
    "file-too-large": "A file of more than 16 MiB, or of more than a million lines.",
    "more-problems": "There are more problems than are shown.",
    "not-a-text": "A file with many characters that are not text.",
    "not-utf-8": "A byte that is not UTF-8.",
    "odd-line-end": "A line that ends neither in LF nor in CRLF.",
    "several-documents": "A second YAML document in one file.",
    "too-many-jobs": "More than 100,000 jobs in one file.",
    "text-after-marker": "Something on the line of the leading `---`, or of the `...` that ends the file.",
    "unseen-character": "A control character, or another that cannot be seen.",
    "wrong-encoding": "A file in UTF-16 or UTF-32.",
}

_FORM: Final = {
    "alias": "A value that begins with *: a YAML alias.",
    "anchor": "A value that begins with &: a YAML anchor.",
    "collection-as-key": "A list or a mapping where a key belongs.",
    "asterisk": "A cron expression that begins with * and is not in quotes.",
    "bad-escape": "A backslash in double quotes before a character that it gives no meaning.",
    "bad-indentation": "A line whose indentation fits none of the lines above it.",
    "bad-text-block": "A | or > with something behind it that does not belong there.",
    "colon-in-value": "A value with a colon and a space in it, not in quotes.",
    "complex-key": "A line that begins with ? or with a colon.",
    "dash-on-key-line": "An item of a list on the line of its key.",
    "list-for-keys": "Names with dashes before them where names with colons belong.",
    "lone-equals-sign": "The value =, not in quotes.",
    "mapping-in-braces": "Keys and values in braces.",
    "merge-key": "One of the keys << and =, to which YAML gives a meaning of its own.",
    "needs-quotes": "A value that begins with a character that YAML keeps for itself.",
    "no-colon": "A key without a colon.",
    "no-space-after-colon": "A colon with a value right behind it.",
    "not-yaml": "Anything else that strictyaml cannot read.",
    "tab": "A tab between words.",
    "tab-indentation": "A line that is indented by a tab.",
    "tag": "A value that begins with !: a YAML tag.",
    "text-after-quote": "A text that goes on behind its closing quote.",
    "too-deep": "More than 32 levels of lists and mappings.",
    "too-much": "More than 20,000 values in one list or mapping, 200,000 in one job, or 750,000 in all jobs.",
    "too-unusual": "A long text in a rare form of YAML, which would take too long to read.",
    "unclear-list": "A list whose items are read as one text.",
    "unclosed-list": "A list with no ] at its end.",
    "unclosed-quote": "A text in quotes with no quote at its end.",
}

_KEYS: Final = {
    "bad-executor-name": "An executor's name with a character that names do not have.",
    "bad-ignore": "Not the code of a warning, or one with `of` and a job behind it.",
    "bad-limit-name": "A limit's name with a character that names do not have.",
    "bad-preset-name": "A preset's name with a character that names do not have.",
    "bad-queue-name": "A queue's name with a character that names do not have.",
    "bad-address": "A ping or a channel with something that is no address.",
    "bad-host": "Under page, a host with something that is no name of one.",
    "bad-channel-name": "A channel's name with a character that names do not have.",
    "bad-streak": "Behind `after`, something else than a number of failed runs.",
    "no-address": "A channel that says nothing under `to`.",
    "unknown-channel": "A channel that the file does not declare.",
    "unknown-edits": "Not one of the ways in which the page may edit.",
    "unknown-when": "Not one of the events that a channel is notified of.",
    "bad-variable": "A ${ that no variable's name and } follow.",
    "bad-variable-name": "Not the name of an environment variable.",
    "duplicate-key": "A key that stands in its mapping a second time.",
    "empty-list": "An empty list where it would say nothing.",
    "empty-value": "A key with nothing behind it.",
    "missing-broker": "`executor: celery` without a broker or a Celery app.",
    "no-command": "A directory, environment or background for a job that has no command.",
    "repeated-item": "An item that stands in its list a second time.",
    "unknown-executor": "An executor that neither aperture nor a plugin has.",
    "unknown-interrupted": "Not one of the choices behind `interrupted`.",
    "unknown-key": "A key that there is not.",
    "unknown-missed": "Not one of the choices behind `missed`.",
    "unknown-on-failure": "Not one of the choices behind `on failure`.",
    "unknown-overlap": "Not one of the choices behind `overlap`.",
    "unknown-state": "Not the address of a store.",
    "unknown-timezone": "Not the name of a time zone.",
    "missing-secret": "A ${file:…} or ${credential:…} that cannot be read. A warning, and an error for `start`.",
    "secret-open-to-all": "A secret's file that every user of the machine may read.",
    "unset-variable": "A ${NAME} that the environment does not set. A warning, and an error for `start`.",
    "curly-quotes": "A value or a name in typographic quotes, which YAML takes for letters.",
    "odd-space": "A character that only looks like a space, in a name or a value that reads with one.",
    "value-too-long": "A value of more than 100,000 characters that is no free text.",
    "wrong-kind": "A list, keys or a single value where one of the others belongs.",
}

_SCHEDULES: Final = {
    "cron-field": "A cron field with a value that it cannot have.",
    "key-of-other-type": "A key that schedules of this type do not take.",
    "missing-key": "A schedule without a key that its type needs.",
    "missing-type": "Keys of a schedule, and no type in any layer.",
    "never-fires": "A cron expression whose fields never meet.",
    "no-schedule": "A job of which no layer says when it runs.",
    "once-in-the-past": "A time for `once` that has passed. A warning.",
    "several-month-days": "More than one day for a monthly schedule.",
    "key-over-several": "A key that could change any of the several schedules below it.",
    "two-schedules": "Keys of a schedule beside a phrase.",
    "two-units": "An interval in more than one unit.",
    "unknown-type": "Not one of the types of schedule.",
}

_NAMES: Final = {
    "after-circle": "Jobs that run after each other in a circle.",
    "jobs-not-checked": "No plugin and no manifest says which jobs there are. A warning.",
    "needs-circle": "Jobs that need each other in a circle.",
    "unknown-after": "A job that is to run after one that does not exist.",
    "unknown-calendar": "A calendar that a job names and the file does not declare.",
    "unknown-ignore": "A job for which a warning is to be ignored, and which does not exist. A warning.",
    "unknown-job": "A job that no plugin registers and that has no command.",
    "unknown-limit": "A limit that the file does not declare.",
    "unknown-need": "A need that does not exist.",
    "unknown-queue": "A queue that the file does not declare.",
}

_PRESETS: Final = {
    "auto-without-answer": "`preset: auto`, and nobody says how many items the library has. A warning.",
    "auto-without-preset": "`preset: auto`, and no preset is meant for a library of that size. A warning.",
    "auto-without-sizes": "`preset: auto`, and no preset has `items`.",
    "extends-circle": "Presets that extend each other in a circle.",
    "extends-too-far": "A preset that stands on more than 32 others.",
    "overlapping-sizes": "Two presets meant for the same sizes of the library. A warning.",
    "reserved-name": "A preset called auto.",
    "tiers-not-looked-at": "`preset: auto`, and more jobs in all it may pick than `check` lints. A warning.",
    "too-many-presets": "More than 1,000 presets in one file.",
    "unknown-preset": "A preset that the file does not declare.",
}

_EXPECTATIONS: Final = {
    "expectation-failed": "An expectation that the coming year refutes. Only `check` looks for it.",
    "expectation-not-proved": "An expectation with too many starts to look at. A warning.",
    "unknown-expected": "An expectation of a job that does not exist.",
}

_LINTS: Final = {
    "calendar-ended": "A calendar whose last date is past. A warning.",
    "clock-change-gap": "A time that a clock change within two years moves to the end of a gap. A warning.",
    "clock-change-lost": "A time that a clock change within two years skips, and cron does not make up for. A warning.",
    "clock-change-merge": "Several times of which a clock change within two years makes one run. A warning.",
    "clock-change-repeat": "A time that runs twice when clocks go back within two years. A warning.",
    "clock-change-shift": "An interval of whole days that clock changes move to another wall time. A warning.",
    "cron-both-days": "A cron expression that restricts both day fields, and so fires on either. A warning.",
    "cron-restarts": "A step in a cron expression that begins anew each hour or each day. A warning.",
    "due-together": "More jobs due together, week after week, than their queue starts at once. A warning.",
    "heavy-by-day": "A heavy job that is due by day and has no window. A warning.",
    "limit-exceeded": "A limit whose jobs are due more often than it allows calls. A warning.",
    "needs-disabled": "A job that needs, or runs after, one that is not enabled. A warning.",
    "needs-later": "A job that is always due just before what it needs. A warning.",
    "no-slot-ahead": "A job that has a schedule and is not due within the coming year. A warning.",
    "short-month": "A day of the month that some months lack. A warning.",
    "timeout-over-interval": "A job's own timeout that is longer than the time to its next slot. A warning.",
    "unseen-in-command": "A command with a character that cannot be seen. A warning.",
    "unused-limit": "A limit that no job of the file has. A warning.",
    "unused-presets": "Presets in a file that puts none of them in force. A warning.",
    "unused-queue": "A queue that no job of the file has. A warning.",
}

LINTS: Final = frozenset(_LINTS)
"""The codes of lints: warnings about a file that is valid and may still not do what was meant."""

CODES: Final[Mapping[str, str]] = MappingProxyType(
    dict(
        sorted(
            {
                **WORD_CODES,
                **_FILE,
                **_FORM,
                **_KEYS,
                **_SCHEDULES,
                **_NAMES,
                **_PRESETS,
                **_EXPECTATIONS,
                **_LINTS,
            }.items()
        )
    )
)
"""The meaning of each code, by code, in alphabetical order."""

WARNINGS: Final = frozenset(
    {
        "auto-without-answer",
        "auto-without-preset",
        "expectation-not-proved",
        "jobs-not-checked",
        "once-in-the-past",
        "overlapping-sizes",
        "tiers-not-looked-at",
        "unknown-ignore",
        "missing-secret",
        "secret-open-to-all",
        "unset-variable",
        *LINTS,
    }
)
"""The codes of problems that do not keep a file out of force; `unset-variable` does for `start`."""
