"""Where each value of a configuration comes from: which layer says it, and on which line.

The layers are laid over each other as for the configuration itself (`scheduling`, `jobs`), from the text that
the configuration still has. Nothing is kept for this, so a loop pays nothing for what only `show` asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aperture_plugin.config.configuring import stacks_of
from aperture_plugin.config.entries import Told, place_of
from aperture_plugin.config.environment import variables_in
from aperture_plugin.config.filewords import read_words
from aperture_plugin.config.jobs import MERGED, laid, merged
from aperture_plugin.config.memory import Remembered
from aperture_plugin.config.model import Config
from aperture_plugin.config.presets import chains_of
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.scheduling import parts_of
from aperture_plugin.config.settings import BUILT_IN_EXECUTORS, DEFAULT_STATE
from aperture_plugin.config.source import source_of
from aperture_plugin.config.walking import Said
from aperture_plugin.config.zones import LOCAL
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import Manual

__all__ = ["BUILT_IN", "ENVIRONMENT", "FILE", "Origin", "Provenance"]

BUILT_IN: Final = "built-in"
FILE: Final = "file"
ENVIRONMENT: Final = "environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One value of the configuration, and who says it.

    Attributes:
        key: As the file calls it; `retry: attempts` for a key within a key.
        text: The value as it is written. What a variable holds is not in it: `${NAME}` stands for itself.
        layer: `built-in`, `defaults`, `schedules`, `file` for what stands at the top, `preset` and its name, or
            `environment` for a value that takes a variable in, wherever it is written.
        place: Where it is written; None for what is built in.
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
        source = source_of(config.text, Problems(config.file))
        assert source is not None
        self._config = config
        self._words = read_words(source.text, Problems(config.file), Remembered(), Remembered())
        chain = chains_of(self._words.presets or {}, Problems(config.file)).get(config.preset or "", ())
        self._stacks = stacks_of(self._words, chain, self._words.schedules)

    def file(self) -> tuple[Origin, ...]:
        """Return where the values at the top of the file come from: settings, queues, limits."""
        words = self._words
        found = [self._setting(key) for key in _SETTINGS if key in words.settings or _SETTINGS[key] is not None]
        if "default" not in (words.queues or {}):
            found.append(Origin(key="queues: default", text="1", layer=BUILT_IN))
        for section, declared in (("queues", words.queues), ("limits", words.limits)):
            found += [_origin(f"{section}: {name}", said, FILE, 0) for name, said in (declared or {}).items()]
        return tuple(found)

    def job(self, name: str) -> tuple[Origin, ...]:
        """Return where every value of a job comes from: its schedule first, what is built in last.

        Args:
            name: A job of the file; of one that only plugins register, what the defaults say is told.
        """
        lowest = [] if self._words.defaults is None else [self._words.defaults]
        entries = self._stacks.get(name, lowest)
        parts = parts_of(entries, Problems(self._config.file))
        found = [_told(key, told) for key, told in parts.items()]
        if not parts:
            found.append(Origin(key="schedule", text=phrase_of(Manual()), layer=BUILT_IN))
        for key, told in laid(entries).items():
            if key in MERGED:
                found += [_told(f"{key}: {inner}", word) for inner, word in merged(key, entries).items()]
            else:
                found.append(_told(key, told))
        said = {origin.key for origin in found}
        if "timezone" not in said:
            found.append(self._setting("timezone"))
        found += [origin for key, origin in _BUILT_IN.items() if key not in said]
        return tuple(found)

    def _setting(self, key: str) -> Origin:
        said = self._words.settings.get(key)
        return (
            Origin(key=key, text=_SETTINGS[key] or "", layer=BUILT_IN) if said is None else _origin(key, said, FILE, 0)
        )


_SETTINGS: Final[dict[str, str | None]] = {
    "timezone": LOCAL,
    "preset": None,
    "state": DEFAULT_STATE,
    "executor": BUILT_IN_EXECUTORS[0],
    "broker": None,
}
_BUILT_IN: Final = {
    key: Origin(key=key, text=text, layer=BUILT_IN)
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


def _told(key: str, told: Told) -> Origin:
    return _origin(key, told.said, told.entry.layer, told.entry.base)


def _origin(key: str, said: Said, layer: str, base: int) -> Origin:
    text = _written(said)
    variables = variables_in(text)
    return Origin(
        key=key,
        text=text,
        layer=ENVIRONMENT if variables else layer,
        place=place_of(said.spot, base),
        variables=variables,
    )


def _written(said: Said) -> str:
    """Return what was written, lists and keys in one line."""
    if said.text or isinstance(said.value, str):
        return said.text
    if isinstance(said.value, tuple):
        return f"[{', '.join(_written(item) for item in said.value)}]"
    if isinstance(said.value, Mapping):
        return ", ".join(f"{key}: {_written(value)}" for key, value in said.value.items())
    return said.text
