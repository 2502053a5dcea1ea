"""The command lines of systemd's services: their words, specifiers and variables, as systemd.service(5) has them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["Specifiers", "shell_text", "words_of"]

_PREFIXES: Final = "@-:+!|"
_WHOLE_VARIABLE: Final = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE: Final = re.compile(r"\$\$|\$\{[A-Za-z_][A-Za-z0-9_]*\}|[\\\"`$]")
_SPECIFIER: Final = re.compile(r"%(.)")


class Specifiers:
    """Fills in what `%i` and its like stand for, as far as a unit's name tells.

    Args:
        unit: Name of the service, such as `scrub@tank.service`.
    Attributes:
        unknown: The specifiers that were met and are known to systemd alone, such as `%h`.
    """

    def __init__(self, unit: str) -> None:
        whole = unit.rpartition(".")[0]
        prefix, _, instance = whole.partition("@")
        self._known: Mapping[str, str] = {
            "%": "%", "n": unit, "N": whole, "p": prefix, "P": _unescaped(prefix), "i": instance,
            "I": _unescaped(instance), "j": prefix.rpartition("-")[2], "f": f"/{_unescaped(instance or prefix)}",
        }  # fmt: skip
        self.unknown: dict[str, None] = {}

    def filled(self, text: str) -> str:
        """Return *text* with all that is known filled in."""
        return _SPECIFIER.sub(self._one, text)

    def _one(self, found: re.Match[str]) -> str:
        if found[1] in self._known:
            return self._known[found[1]]
        self.unknown[found[0]] = None
        return found[0]


def words_of(line: str, specifiers: Specifiers) -> list[str]:
    """Return the words of a command line, without the marks before its program.

    Raises:
        ValueError: A quote is not closed, or nothing is left.
    """
    marks = line[: len(line) - len(line.lstrip(_PREFIXES))]
    words = shlex.split(line[len(marks) :])
    if "@" in marks:
        del words[1:2]  # The name that the program is to see for its own.
    if not words:
        raise ValueError("ExecStart names no program")
    return [specifiers.filled(word) for word in words]


def shell_text(words: Sequence[str]) -> str:
    """Return *words* as a shell reads the same ones, variables filled in as systemd fills them in.

    `$NAME` that is a word of its own is split at spaces, `${NAME}` is not; `$$` is a dollar sign.

    >>> print(shell_text(["/bin/echo", "a b", "${HOME}", "$ARGS", "*", "5$$"]))
    /bin/echo 'a b' "${HOME}" $ARGS '*' '5$'
    """
    return " ".join(map(_shell_word, words))


def _shell_word(word: str) -> str:
    if _WHOLE_VARIABLE.fullmatch(word):
        return word
    if "${" not in word:
        return shlex.quote(word.replace("$$", "$"))
    return '"' + _VARIABLE.sub(_in_quotes, word) + '"'


def _in_quotes(found: re.Match[str]) -> str:
    if found[0] == "$$":
        return "\\$"
    return found[0] if found[0].startswith("${") else f"\\{found[0]}"


def _unescaped(name: str) -> str:
    """Return what the escaped *name* of a unit stands for: `-` is a slash, `\\x2d` a letter by its number."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), name.replace("-", "/"))
