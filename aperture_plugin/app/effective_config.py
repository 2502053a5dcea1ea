"""The effective configuration, each value with who says it; what is secret is masked, wherever it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from aperture_plugin.config.layers.provenance import ENVIRONMENT, Provenance, ValueOrigin
from aperture_plugin.config.model import Config
from aperture_plugin.words.mask import masked_address
from aperture_plugin.words.phrases import phrase_of

__all__ = ["COMMAND_LINE", "ShownJob", "shown_file", "shown_job", "value_json"]

COMMAND_LINE: Final = "command line"
_STATE: Final = "APERTURE_STATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownJob:
    """One job, value by value.

    Attributes:
        schedule: The phrase that its schedule amounts to.
        values: Its schedule first, what is built in last.
    """

    name: str
    schedule: str
    values: tuple[ValueOrigin, ...]


def shown_file(config: Config, *, environ: Mapping[str, str], state: str | None = None) -> Iterator[ValueOrigin]:
    """Yield the values at the top of the file, and what the environment or the command line says instead.

    Args:
        environ: Its APERTURE_STATE stands in place of the file's state.
        state: The value of `--state`, which replaces both.
    """
    for origin in Provenance(config).file():
        if origin.key == "state" and state is not None:
            yield _masked(ValueOrigin(key="state", text=state, layer=COMMAND_LINE))
        elif origin.key == "state" and environ.get(_STATE):
            yield _masked(ValueOrigin(key="state", text=environ[_STATE], layer=ENVIRONMENT, variables=(_STATE,)))
        else:
            yield _masked(origin)


def shown_job(config: Config, names: Iterable[str]) -> Iterator[ShownJob]:
    """Yield the jobs of those *names*; one that the file does not have has what the defaults say."""
    found = Provenance(config)
    for name in names:
        job = config.effective_job(name)
        values = tuple(_masked(origin) for origin in found.job(name))
        yield ShownJob(name=name, schedule=phrase_of(job.schedule), values=values)


def value_json(origin: ValueOrigin, file: str) -> dict[str, Any]:
    """Return a value as `aperture show --format json` has it."""
    place = origin.place
    return {
        "key": origin.key,
        "value": origin.text,
        "layer": origin.layer,
        "file": None if place is None else file,
        "line": None if place is None else place.line,
        "column": None if place is None else place.column,
        "variables": list(origin.variables),
    }


def _masked(origin: ValueOrigin) -> ValueOrigin:
    """Return *origin* without the passwords of addresses in its text; `Provenance` has masked values by their names."""
    text = masked_address(origin.text)
    return origin if text == origin.text else replace(origin, text=text)
