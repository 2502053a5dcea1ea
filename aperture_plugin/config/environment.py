"""`${NAME}` in the file: what the environment says in its place.

It is read in `state`, `broker`, `params` and `environment`, and nowhere else; `$${NAME}` is the text
`${NAME}` itself. What a variable holds never shows in a message: it may be a password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from aperture_plugin.config.entries import place_of
from aperture_plugin.config.nodes import Spot
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.walking import Said
from aperture_plugin.words.unreadable import quoted

__all__ = ["Environment", "variables_in"]

_MOST: Final = 1_000
_MARK: Final = re.compile(r"\$?\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?")


def variables_in(text: str) -> tuple[str, ...]:
    """Return the names that *text* takes from the environment, in order, each once.

    >>> variables_in("redis://${REDIS_HOST}/$${literal}")
    ('REDIS_HOST',)
    """
    found = (mark for mark in _MARK.finditer(text) if mark[1] and not mark[0].startswith("$$"))
    return tuple(dict.fromkeys(mark[1] for mark in found))


class Environment:
    """The environment's variables, put where the file names them.

    Args:
        values: The variables, as they came.
        problems: Where to tell of those that are not set.
        starting: Whether a value in force that is not set is an error.
    """

    def __init__(self, values: Mapping[str, str], problems: Problems, *, starting: bool) -> None:
        self._values = values
        self._problems = problems
        self._starting = starting
        self._told: set[Place] = set()
        self.filled_in = 0
        """How many values have had a variable in them so far."""

    def brought(self, text: str) -> tuple[str, ...]:
        """Return the values that the variables in *text* bring into it."""
        return tuple(self._values[name] for name in variables_in(text) if self._values.get(name))

    def filled(self, said: Said, base: int, *, job: str | None = None, in_force: bool = True) -> str | None:
        """Return the text of *said* with its variables filled in; None if one of them cannot be, which is told."""
        if "${" not in said.text:
            return said.text
        self.filled_in += 1
        if said.text.count("${") > _MOST:
            self._tell_bad(place_of(said.spot, base), job, f"more than {_MOST:,} variables are named in one value")
            return None
        missing: dict[str | None, int] = {}

        def value(mark: re.Match[str]) -> str:
            if mark[0].startswith("$$"):
                return mark[0][1:]
            if mark[1] is not None and mark[1] in self._values:
                return self._values[mark[1]]
            missing.setdefault(mark[1], mark.start())
            return mark[0]

        filled = _MARK.sub(value, said.text)
        for name, start in missing.items():
            spot = _within(said, start, 2 if name is None else len(name) + 3)
            self._missing(name, place_of(spot, base), job, in_force)
        return None if missing else filled

    def _missing(self, name: str | None, at: Place, job: str | None, in_force: bool) -> None:
        if at in self._told:
            return
        self._told.add(at)
        if name is None:
            self._tell_bad(at, job, '"${" is not followed by the name of a variable and "}"')
            return
        tell = self._problems.add if self._starting and in_force else self._problems.warn
        tell(
            "unset-variable",
            at=at,
            job=job,
            message=f"{quoted(name)} is not set in the environment",
            hint=f"set it before the start: export {name}=…; for the text itself write $${{{name}}}",
        )

    def _tell_bad(self, at: Place, job: str | None, message: str) -> None:
        hint = "expected ${NAME}; for the text itself write $${"
        self._problems.add("bad-variable", at=at, job=job, message=message, hint=hint)


def _within(said: Said, start: int, length: int) -> Spot:
    """Return where a part of the text stands, if the text stands in the file letter by letter."""
    line, column, whole = said.spot
    quotes = whole - len(said.text)
    if quotes not in (0, 2):
        return said.spot
    return line, column + quotes // 2 + start, length
