"""Files that nobody writes, at any size: each puts its weight on one step of the reading."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from random import Random
from string import ascii_lowercase, printable
from typing import Final

__all__ = ["LARGE", "ODD_FILES"]

LARGE: Final = 16 * 1024 * 1024 - 4096
"""Bytes; a little less than a file may have."""

Unit = Callable[[int], str]

_MOST_UNITS: Final = 99_000
_JOBS: Final = "schedules:\n"


def _filled(unit: Unit, before: str = _JOBS, *, most: int = _MOST_UNITS) -> Callable[[int], bytes]:
    """Return what makes a file of *before* and as many units, of jobs for example, as it has room for."""

    def file(size: int) -> bytes:
        parts, left = [before.encode()], size - len(before)
        for number in range(most):
            part = unit(number).encode("utf-8", "surrogateescape")
            left -= len(part)
            if left < 0:
                break
            parts.append(part)
        return b"".join(parts)

    return file


def _repeated(part: str, before: str = "", after: str = "") -> Callable[[int], bytes]:
    return lambda size: (before + part * ((size - len(before) - len(after)) // len(part.encode())) + after).encode()


def _job(line: str) -> str:
    """Return the beginning of a file whose only job has *line*."""
    return f"{_JOBS}  j:\n    schedule: every hour\n    {line}"


def _needing(before: int) -> Unit:
    """Return jobs that each need so many of those before them."""

    def job(number: int) -> str:
        needs = ", ".join(f"j{other}" for other in range(max(0, number - before), number))
        return f"  j{number}:\n    schedule: every hour\n" + (f"    needs: [{needs}]\n" if needs else "")

    return job


def _random_words(letters: str, shortest: int, longest: int, seed: int = 1) -> Callable[[], str]:
    chance = Random(seed)
    return lambda: "".join(chance.choices(letters, k=chance.randint(shortest, longest)))


def _random_lines(letters: str) -> Callable[[int], bytes]:
    chance = Random(2)
    return _filled(lambda _: "  " + "".join(chance.choices(letters, k=160)) + "\n", most=10**6)


def _unknown_needs(letters: str, end: str) -> Callable[[int], bytes]:
    word = _random_words(letters, 20, 30)
    return _filled(lambda n: f"  {word()}{n}{end}:\n    schedule: every hour\n    needs: {word()}{end}\n")


def _deeper() -> Callable[[int], bytes]:
    def file(size: int) -> bytes:
        lines, left = [], size
        for level in count():
            lines.append(" " * level + "a:\n")
            left -= len(lines[-1])
            if left < 0:
                return "".join(lines[:-1]).encode()
        raise AssertionError

    return file


def _encoded(encoding: str) -> Callable[[int], bytes]:
    plain = _filled(lambda n: f"  j{n}: daily at 2 AM\n")
    return lambda size: plain(size // len("a".encode(encoding))).decode().encode(encoding)


_times = ", ".join(f"{minute // 60}:{minute % 60:02}" for minute in range(1440))
_layer = ", ".join(f"l{number}" for number in range(100))

ODD_FILES: Final[dict[str, Callable[[int], bytes]]] = {
    # Jobs that point at each other.
    "a chain of after": _filled(lambda n: f"  j{n}: after j{n - 1}\n", f"{_JOBS}  j-1: daily at 2 AM\n"),
    "a chain of after from its end": _filled(lambda n: f"  j{n}: after j{n + 1}\n"),
    "a chain of needs": _filled(_needing(1)),
    "jobs that need two hundred others": _filled(_needing(200)),
    "jobs that follow hundreds": _filled(lambda n: f"  j{n}: after {_layer}\n" if n > 99 else f"  l{n}: every hour\n"),
    "needs of everybody": _filled(
        lambda n: f"  j{n}: every hour\n",
        f"defaults:\n  needs: [{', '.join(f'j{number}' for number in range(1000))}]\n{_JOBS}",
        most=20_000,
    ),
    "unknown needs": _unknown_needs(ascii_lowercase, ""),
    "unknown needs that end alike": _unknown_needs("ab", "-library-scan"),
    "needs in look-alike letters": _filled(lambda n: f"  job{n}:\n    schedule: every hour\n    needs: jоb{n + 1}\n"),
    # Many of one kind.
    "one line each": _filled(lambda n: f"  j{n}: daily at {n % 12 + 1}:{n // 12 % 60:02} AM\n"),
    "as many crons": _filled(lambda n: f"  j{n}: cron {n % 60} {n // 60 % 24} {n // 1440 % 28 + 1} {n % 12 + 1} *\n"),
    "six lines each": _filled(
        lambda n: (
            f"  j{n}:\n    type: weekly\n    day: sunday\n    time: {n % 12 + 1} AM\n    title: {n}\n    heavy: no\n"
        )
    ),
    "too many jobs": _filled(lambda n: f"  j{n}: every hour\n", most=10**7),
    "one job again and again": _filled(lambda _: "  j: every hour\n"),
    "the same fault": _filled(lambda n: f"  j{n}: daily at 25:00\n"),
    "two unknown keys": _filled(lambda n: f"  j{n}:\n    type: daily\n    tme: 2:00 AM\n    timout: 3 hours\n"),
    "unknown keys of the file": _filled(lambda n: f"key{n}:\n  schedule: every hour\n", ""),
    "unknown keys of one job": _filled(lambda n: f"    k{n}: v\n", f"{_JOBS}  j:\n", most=10**7),
    "presets": _filled(
        lambda n: f"  p{n}:\n    extends: p{n + 1}\n    schedules:\n      j: every hour\n", "presets:\n"
    ),
    "queues": _filled(lambda n: f"  q{n}: {n % 99 + 1}\n", "queues:\n", most=10**7),
    "expectations": _filled(lambda n: f"  - j{n} befoer j{n + 1}\n", "expect:\n", most=10**7),
    "parameters": _filled(
        lambda n: f"  j{n}:\n    schedule: every hour\n    params:\n" + "".join(f"      k{k}: v\n" for k in range(1000))
    ),
    "parameters of everybody": _filled(
        lambda n: f"  j{n}:\n    schedule: every hour\n    params:\n      a: b\n",
        "defaults:\n  params:\n" + "".join(f"    k{k}: ${{NO{k}}}\n" for k in range(2000)) + _JOBS,
    ),
    "lists within lists": _filled(
        lambda n: f"  j{n}:\n    schedule: every hour\n    params:\n      a: [{'[a, b], ' * 1000}]\n"
    ),
    "words of a command": _filled(lambda n: f"  j{n}:\n    schedule: every hour\n    command: [{'a, ' * 5000}]\n"),
    "times of a day": _filled(lambda n: f"  j{n}: daily at {_times}\n"),
    "the same time again": _filled(lambda n: f"  j{n}:\n    type: daily\n    time: [{'2 AM, ' * 19_000}]\n"),
    # One thing that is very large.
    "one word": _repeated("a"),
    "one value of words": _repeated("a ", "timezone: "),
    "one title of words": _repeated("a ", _job("title: ")),
    "one value of colons": _repeated("b: ", f"{_JOBS}  a: "),
    "one value of quotes": _repeated("''", f"{_JOBS}  a: '", "'"),
    "one value of backslashes": _repeated("\\\\", f'{_JOBS}  a: "', '"'),
    "one value of variables": _repeated("${A}", "state: "),
    "one value of half variables": _repeated("${", _job("params:\n      a: ")),
    "one key": _repeated("a ", "", ": b"),
    "one comment": _repeated("a", "#"),
    "one text of many lines": _repeated("      text\n", _job("description: |\n")),
    "one text of blank lines": _repeated("\n", _job("description: |\n")),
    "blank lines": _repeated("\n", f"{_JOBS}  j: every hour\n"),
    "spaces": _repeated(" ", f"{_JOBS}  j: every hour\n"),
    "a list of one item a line": _repeated("      k,\n", _job("needs: [\n")),
    "dashes": _repeated("- ", ""),
    "dashes on lines": _repeated("  - a\n", _JOBS),
    # Things that are not closed, or not what they seem.
    "quotes that are not closed": _filled(lambda n: f'  j{n}:\n    title: "daily at 2 AM\n    schedule: every hour\n'),
    "a text that never ends": _repeated("  text\n", f'{_JOBS}  j: "daily\n'),
    "lists that are not closed": _filled(lambda n: f"  j{n}:\n    schedule: every hour\n    needs: [a, b\n"),
    "brackets": _repeated("["),
    "braces": _repeated("{a: "),
    "mappings in braces": _filled(lambda n: f"  j{n}: {{a: {{b: c}}}}\n"),
    "deeper and deeper": _deeper(),
    "anchors": _filled(lambda n: f"  j{n}: &a{n} daily at 2 AM\n"),
    "aliases": _filled(lambda n: f"  j{n}: *a{n}\n"),
    "tags": _filled(lambda n: f"  j{n}: !!str daily at 2 AM\n"),
    "documents": _repeated("---\na: b\n"),
    "directives": _repeated("%YAML 1.2\n"),
    "keys in their own form": _filled(lambda n: f"  ? j{n}\n  : daily at 2 AM\n"),
    "no space": _filled(lambda n: f"  j{n}:every hour\n"),
    "no colon": _filled(lambda n: f"  j{n}\n"),
    "a stray column": _filled(lambda n: f"  j{n}:\n    type: daily\n     time: 2 AM\n"),
    "stairs": _filled(lambda n: " " * (n % 50 + 1) + f"j{n}: every hour\n"),
    "texts in rare forms": _filled(
        lambda n: f'  j{n}:\n    schedule: every hour\n    title: "a\n      b \\\n      c"\n'
    ),
    "phrases without end": _filled(lambda n: f"  j{n}: {'daily at ' * 1000}\n"),
    "days without end": _filled(lambda n: f"  j{n}: weekly on {'monday and ' * 1000} at 2 AM\n"),
    "numbers without end": _filled(lambda n: f"  j{n}: every {'9' * 5000} minutes\n"),
    # Bytes that are no text, and other encodings.
    "tabs": _repeated("\t"),
    "tabs between": _filled(lambda n: f"  j{n}:\tevery hour\n"),
    "zeros": _repeated("\0"),
    "zeros on lines": _filled(lambda n: f"  j{n}: every\0hour\n"),
    "UTF-16": _encoded("utf-16"),
    "UTF-16 without a mark": _encoded("utf-16-le"),
    "UTF-32": _encoded("utf-32-be"),
    "latin-1": lambda size: _filled(lambda n: f"  j{n}: Müller\n")(size).decode().encode("latin-1"),
    "carriage returns": lambda size: _filled(lambda n: f"  j{n}: every hour\n")(size).replace(b"\n", b"\r"),
    "line separators": _filled(lambda n: f"  j{n}: every hour\u2028"),
    "overlong bytes": lambda size: b"\xc0\xaf" * (size // 2),
    "surrogates": lambda size: b"\xed\xa0\x80" * (size // 3),
    "random bytes": lambda size: Random(1).randbytes(size),
    "random letters": _random_lines(printable[:-3]),
    "random marks": _random_lines("ab:-[]{}'\"#|>&*! "),
}
"""By name, what makes a file of so many bytes at most."""
