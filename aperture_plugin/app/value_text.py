"""Values of a configuration as the file would write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aperture_plugin.config.model import Command, Freeze, Retry
from aperture_plugin.rules.jobs import Json
from aperture_plugin.words.calendars import DateRange, HolidaysOf, YearlyDays, days_text
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.mask import MASK, masked_address
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import (
    After,
    AtStart,
    Cron,
    Daily,
    Interval,
    Manual,
    Monthly,
    Once,
    Several,
    Weekly,
)
from aperture_plugin.words.secrets import Filled, looks_secret
from aperture_plugin.words.windows import Window, window_text

__all__ = ["as_shown", "as_written", "params_text", "shown_params"]


def as_written(value: Any) -> str | None:  # noqa: PLR0912  # one case for each kind of value
    """Return *value* on one line, as schedules.yaml would have it; None for what it would not say at all.

    >>> as_written(timedelta(minutes=90)), as_written(True), as_written(("library-scan", "user-sync"))
    ('1 hour 30 minutes', 'yes', 'library-scan, user-sync')
    """
    match value:
        case Filled():
            return value.written
        case None | () | "":
            return None
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return duration_text(value) if value else None
        case Daily() | Weekly() | Monthly() | Interval() | Cron() | Once() | After() | AtStart() | Manual() | Several():
            return phrase_of(value)
        case DateRange() | YearlyDays() | HolidaysOf():
            return days_text(value)
        case Freeze():
            return days_text(value.days) + ("" if value.reason is None else f": {value.reason}")
        case Window():
            return window_text(value)
        case Retry():
            return _retry(value)
        case Command(words=str(words)):
            return words
        case Command(words=words):
            return " ".join(words)
        case tuple() | list():
            return ", ".join(as_written(one) or "" for one in value)
        case Mapping():
            return ", ".join(f"{key}: {as_written(one) or ''}" for key, one in value.items()) or None
        case _:
            return str(value)


def as_shown(key: str, value: Any) -> str | None:
    """Return *value* of *key* as `as_written` does, without the secrets in it.

    Args:
        key: As the file has it, those within others behind a colon: a parameter named like a secret is masked.

    >>> as_shown("params: api_key", "hunter22"), as_shown("params: login", {"user": "ana", "password": "hunter22"})
    ('•••', 'user: ana, password: •••')
    """
    outer, _, name = key.partition(": ")
    if outer in {"params", "environment"}:
        value = _hidden(value, hides=looks_secret(name))
    text = as_written(value)
    return None if text is None else masked_address(text)


def shown_params(params: Mapping[str, Json] | None) -> dict[str, Json] | None:
    """Return the parameters of a run as they may be shown: what is named like a secret is masked.

    >>> shown_params({"depth": 3, "api_key": "hunter22"})
    {'depth': 3, 'api_key': '•••'}
    """
    return (
        None if params is None else {name: _shown_param(one, hides=looks_secret(name)) for name, one in params.items()}
    )


def params_text(params: Mapping[str, Json]) -> str:
    """Return the parameters of a run on one line, as they may be shown.

    >>> params_text({"depth": 3, "kinds": ["film", "series"], "api_key": "hunter22"})
    'depth: 3, kinds: ["film", "series"], api_key: •••'
    """
    shown = shown_params(params) or {}
    return ", ".join(
        f"{name}: {one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)}" for name, one in shown.items()
    )


def _hidden(value: Any, *, hides: bool) -> Any:
    match value:
        case str() if not value or isinstance(value, Filled):
            return value
        case str():
            return MASK if hides else value
        case Mapping():
            return {name: _hidden(one, hides=hides or looks_secret(name)) for name, one in value.items()}
        case tuple() | list():
            return tuple(_hidden(one, hides=hides) for one in value)
    return value


def _shown_param(value: Json, *, hides: bool) -> Json:
    match value:
        case dict():
            return {name: _shown_param(one, hides=hides or looks_secret(name)) for name, one in value.items()}
        case list():
            return [_shown_param(one, hides=hides) for one in value]
        case None | bool() | "":
            return value
        case str():
            return MASK if hides else masked_address(value)
    return MASK if hides else value


def _retry(retry: Retry) -> str | None:
    if retry.attempts == 1:
        return None
    value = f"attempts: {retry.attempts}, delay: {duration_text(retry.delay)}, backoff: {retry.backoff:g}"
    if retry.max_delay is not None:
        value += f", max delay: {duration_text(retry.max_delay)}"
    if retry.past_next_slot:
        value += ", past next slot: yes"
    return f"{value}, not on exit: {', '.join(map(str, retry.not_on_exit))}" if retry.not_on_exit else value
