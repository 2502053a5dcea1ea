"""Provenance of each value of a configuration: its layer, and its line.

The layers are laid over each other as for the configuration itself (`scheduling`, `jobs`), from the text that
the configuration still has. Nothing is kept for this, so a loop pays nothing for what only `show` asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aperture_plugin.config.layers.document import document_of
from aperture_plugin.config.layers.entries import LayerValue, place_of
from aperture_plugin.config.layers.environment import variables_in
from aperture_plugin.config.layers.job_builder import MERGED, laid, merged
from aperture_plugin.config.layers.schedule_builder import parts_of
from aperture_plugin.config.layers.settings import BUILT_IN_EXECUTORS, DEFAULT_STATE
from aperture_plugin.config.layers.zones import LOCAL
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.schema.parsed_values import ParsedValue
from aperture_plugin.words.calendars import days_text
from aperture_plugin.words.mask import MASK
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import Manual
from aperture_plugin.words.secrets import looks_secret

__all__ = ["BUILT_IN", "ENVIRONMENT", "FILE", "Provenance", "ValueOrigin"]

BUILT_IN: Final = "built-in"
FILE: Final = "file"
ENVIRONMENT: Final = "environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueOrigin:
    """One value of the configuration, and who says it.

    Attributes:
        key: As the file calls it; `retry: attempts` for a key within a key.
        text: The value as it is written. What a variable holds is not in it: `${NAME}` stands for itself. A value
            under a name like that of a secret is masked.
        layer: `built-in`, `defaults`, `schedules`, `file` for what stands at the top, `preset` and its name, or
            `environment` for a value that takes a variable in, wherever it is written.
        place: Its place; None for what is built in.
        variables: The names that it takes from the environment.
    """

    key: str
    text: str
    layer: str
    place: Place | None = None
    variables: tuple[str, ...] = ()


class Provenance:
    """Tells of one configuration where its values come from; the text is read once."""

    def __init__(self, config: Config) -> None:
        document = document_of(config)
        self._config = config
        self._words = document.words
        self._stacks = document.layers(config.preset)

    def file(self) -> tuple[ValueOrigin, ...]:
        """Return where the values at the top of the file come from: settings, queues, limits."""
        words = self._words
        found = [self._setting(key) for key in _SETTINGS if key in words.settings or _SETTINGS[key] is not None]
        if "default" not in (words.queues or {}):
            found.append(ValueOrigin(key="queues: default", text="1", layer=BUILT_IN))
        sections = (
            ("queues", words.queues),
            ("celery queues", words.celery_queues),
            ("limits", words.limits),
            ("calendars", words.calendars),
        )
        for section, declared in sections:
            found += [_origin(f"{section}: {name}", parsed, FILE, 0) for name, parsed in (declared or {}).items()]
        for parsed in words.freeze:
            days, reason = parsed.value
            text = days_text(days) + ("" if reason is None else f": {reason}")
            found.append(ValueOrigin(key="freeze", text=text, layer=FILE, place=place_of(parsed.spot, 0)))
        return tuple(found)

    def job(self, name: str) -> tuple[ValueOrigin, ...]:
        """Return where every value of a job comes from: its schedule first, what is built in last.

        Args:
            name: A job of the file; for one that only plugins register, the values of the defaults are returned.
        """
        lowest = [] if self._words.defaults is None else [self._words.defaults]
        entries = self._stacks.get(name, lowest)
        parts = parts_of(entries, Problems(self._config.file))
        found = [_value_origin(key, shown) for key, shown in parts.items()]
        if not parts:
            found.append(ValueOrigin(key="schedule", text=phrase_of(Manual()), layer=BUILT_IN))
        for key, shown in laid(entries).items():
            if key in MERGED:
                is_masked = key in {"params", "environment"}
                found += [
                    _value_origin(f"{key}: {inner}", word, hides=is_masked and looks_secret(inner))
                    for inner, word in merged(key, entries).items()
                ]
            else:
                found.append(_value_origin(key, shown))
        value = {origin.key for origin in found}
        if "timezone" not in value:
            found.append(self._setting("timezone"))
        found += [origin for key, origin in _BUILT_IN.items() if key not in value]
        return tuple(found)

    def _setting(self, key: str) -> ValueOrigin:
        value = self._words.settings.get(key)
        return (
            ValueOrigin(key=key, text=_SETTINGS[key] or "", layer=BUILT_IN)
            if value is None
            else _origin(key, value, FILE, 0)
        )


_SETTINGS: Final[dict[str, str | None]] = {
    "timezone": LOCAL,
    "preset": None,
    "state": DEFAULT_STATE,
    "executor": BUILT_IN_EXECUTORS[0],
    "broker": None,
    "celery app": None,
    "ping": None,
}
_BUILT_IN: Final = {
    key: ValueOrigin(key=key, text=text, layer=BUILT_IN)
    for key, text in (
        ("enabled", "yes"),
        ("queue", "default"),
        ("missed", "run once"),
        ("overlap", "queue one"),
        ("retry: attempts", "1"),
        ("on failure", "continue"),
        ("interrupted", "run again"),
    )
}


def _value_origin(key: str, chosen: LayerValue, *, hides: bool = False) -> ValueOrigin:
    return _origin(key, chosen.parsed, chosen.entry.layer, chosen.entry.base, hides=hides)


def _origin(key: str, parsed: ParsedValue, layer: str, base: int, *, hides: bool = False) -> ValueOrigin:
    text = _written(parsed, hides=hides)
    variables = variables_in(text)
    return ValueOrigin(
        key=key,
        text=text,
        layer=ENVIRONMENT if variables else layer,
        place=place_of(parsed.spot, base),
        variables=variables,
    )


def _written(parsed: ParsedValue, *, hides: bool) -> str:
    """Return what was written, lists and keys in one line; masked if it *hides*, and where a name says so."""
    if parsed.text or isinstance(parsed.value, str):
        return MASK if hides and not variables_in(parsed.text) else parsed.text
    if isinstance(parsed.value, tuple):
        return f"[{', '.join(_written(item, hides=hides) for item in parsed.value)}]"
    if isinstance(parsed.value, Mapping):
        return ", ".join(
            f"{key}: {_written(value, hides=hides or looks_secret(key))}" for key, value in parsed.value.items()
        )
    return parsed.text
