"""`${…}` in the file: what stands in its place.

`${NAME}` is a variable of the environment, `${file:PATH}` and `${credential:NAME}` are the content of a file. They are
read in `state`, `broker`, `params`, `directory` and `environment`, and nowhere else; `$${NAME}` is the text `${NAME}`
itself. What is brought in never shows in a message: it may be a password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from aperture_plugin.config.layers.entries import place_of
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.schema.parsed_values import ParsedValue
from aperture_plugin.config.yaml.nodes import Spot
from aperture_plugin.words.parse_error import quoted
from aperture_plugin.words.secrets import Filled, FoundSecret, SecretOf

__all__ = ["Environment", "filled_anew", "takes_files", "variables_in"]

_MOST: Final = 1_000
_MARK: Final = re.compile(
    r"\$?\$\{(?:((?:file|credential):[^{}\s](?:[^{}\n]{0,998}[^{}\s])?|[A-Za-z_][A-Za-z0-9_]*)\})?"
)


def variables_in(text: str) -> tuple[str, ...]:
    """Return the names that *text* takes from the environment and from files, in order, each once.

    >>> variables_in("redis://${REDIS_HOST}/$${literal}")
    ('REDIS_HOST',)
    """
    found = (mark for mark in _MARK.finditer(text) if mark[1] and not mark[0].startswith("$$"))
    return tuple(dict.fromkeys(mark[1] for mark in found))


def takes_files(value: object) -> bool:
    """Return whether *value* of a configuration has the content of a file in it, which may change."""
    return isinstance(value, Filled) and any(":" in name for name in variables_in(value.written))


def filled_anew(value: Filled, values: Mapping[str, str], secret_of: SecretOf) -> tuple[str, list[str]]:
    """Return *value* with what stands in its files now, and all that was brought into it.

    Raises:
        LookupError: One of the files cannot be read; the text says why.
    """
    brought: list[str] = []

    def text_of(mark: re.Match[str]) -> str:
        if mark[0].startswith("$$") or mark[1] is None:
            return mark[0].removeprefix("$")
        found = secret_of(mark[1]) if ":" in mark[1] else FoundSecret(values.get(mark[1]), "it is not set")
        if found.text is None:
            raise LookupError(f"{mark[0]}: {found.problem}")
        brought.append(found.text)
        return found.text

    return _MARK.sub(text_of, value.written), brought


class Environment:
    """The environment's variables, and the content of files, put where the file names them.

    Args:
        values: The variables, as they came.
        problems: Takes a problem for each that is not set.
        starting: True if a value in force that is not set is an error.
        secret_of: Reads the files; None leaves them to *values*.
    """

    def __init__(
        self, values: Mapping[str, str], problems: Problems, *, starting: bool, secret_of: SecretOf | None = None
    ) -> None:
        self._values = values
        self._secret_of = secret_of
        self._found: dict[str, FoundSecret] = {}
        self._problems = problems
        self._starting = starting
        self._reported: set[Place] = set()
        self.filled_in = 0
        """Number of values so far that had a variable in them."""
        self._brought: dict[str, None] = {}

    @property
    def brought(self) -> tuple[str, ...]:
        """Values of variables that were filled in so far, each once: all of it is secret."""
        return tuple(self._brought)

    def filled(self, parsed: ParsedValue, base: int, *, job: str | None = None, in_force: bool = True) -> str | None:
        """Return the text of *parsed* with its variables filled in; None, and a problem, if one is not set."""
        if "${" not in parsed.text:
            return parsed.text
        self.filled_in += 1
        if parsed.text.count("${") > _MOST:
            self._tell_bad(place_of(parsed.spot, base), job, f"more than {_MOST:,} variables are named in one value")
            return None
        missing: dict[str | None, int] = {}

        def value(mark: re.Match[str]) -> str:
            if mark[0].startswith("$$"):
                return mark[0][1:]
            found = FoundSecret() if mark[1] is None else self._look(mark[1])
            if found.is_open:
                self._report_open(mark[1], place_of(_within(parsed, mark.start(), len(mark[0])), base), job)
            if found.text is None:
                missing.setdefault(mark[1], mark.start())
                return mark[0]
            if found.text != mark[0]:
                self._brought[found.text] = None
            return found.text

        filled = _MARK.sub(value, parsed.text)
        for name, start in missing.items():
            spot = _within(parsed, start, 2 if name is None else len(name) + 3)
            self._missing(name, place_of(spot, base), job, in_force)
        return None if missing else Filled(filled, parsed.text)

    def _look(self, name: str) -> FoundSecret:
        if self._secret_of is None or ":" not in name:
            return FoundSecret(self._values.get(name))
        if name not in self._found:
            self._found[name] = self._secret_of(name)
        return self._found[name]

    def _report_open(self, name: str, at: Place, job: str | None) -> None:
        if at in self._reported:
            return
        self._reported.add(at)
        self._problems.warn(
            "secret-open-to-all",
            at=at,
            job=job,
            message=f"every user of this machine may read the secret {quoted(name.partition(':')[2])}",
            hint="let only the user that aperture runs as read it:  chmod 600 FILE",
        )

    def _missing(self, name: str | None, at: Place, job: str | None, in_force: bool) -> None:
        if at in self._reported:
            return
        self._reported.add(at)
        if name is None:
            self._tell_bad(at, job, '"${" is not followed by the name of a variable and "}"')
            return
        tell = self._problems.add if self._starting and in_force else self._problems.warn
        if ":" in name:
            why = self._look(name).problem or "it cannot be read from here"
            tell(
                "missing-secret",
                at=at,
                job=job,
                message=f"there is no secret {quoted(name)}: {why}",
                hint=f"a path starts from the folder of the schedules.yaml; for the text itself write $${{{name}}}",
            )
            return
        tell(
            "unset-variable",
            at=at,
            job=job,
            message=f"{quoted(name)} is not set in the environment",
            hint=f"set it before the start: export {name}=…; for the text itself write $${{{name}}}",
        )

    def _tell_bad(self, at: Place, job: str | None, message: str) -> None:
        hint = "expected ${NAME}, ${file:PATH} or ${credential:NAME}; for the text itself write $${"
        self._problems.add("bad-variable", at=at, job=job, message=message, hint=hint)


def _within(parsed: ParsedValue, start: int, length: int) -> Spot:
    """Return where a part of the text stands, if the text stands in the file letter by letter."""
    line, column, whole = parsed.spot
    quotes = whole - len(parsed.text)
    if quotes not in (0, 2):
        return parsed.spot
    return line, column + quotes // 2 + start, length
