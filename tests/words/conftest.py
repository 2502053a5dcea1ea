"""How the words tests read bad news: whole, as a person would see it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from aperture_plugin.words.parse_error import Unreadable

Refusal = Callable[[Callable[[str], object], str], str]


@pytest.fixture
def refusal() -> Refusal:
    """Return what a reader says of a text that it refuses: message and code, the place, the hint, what to write."""
    return told


def told(read: Callable[[str], object], text: str) -> str:
    with pytest.raises(Unreadable) as caught:
        read(text)
    problem = caught.value
    hint = textwrap.wrap(f"hint: {problem.hint}", 100, subsequent_indent="      ", break_long_words=False)
    lines = [f"{problem.message} [{problem.code}]", text, " " * problem.start + "^" * problem.length, *hint]
    if problem.instead is not None:
        lines.append(f"write: {problem.instead}")
    return "\n".join(lines)
