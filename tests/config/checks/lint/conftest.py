"""What the tests of lints share: the warnings of a text, by job and code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aperture_plugin.config.model import Reading

ReadFile = Callable[..., Reading]
Warned = Callable[..., list[str]]


@pytest.fixture
def warned(read_file: ReadFile) -> Warned:
    """Return what is warned of in a text that has no errors: `job: code`, or the code alone, in file order."""

    def warnings_of(text: str, **options: object) -> list[str]:
        reading = read_file(text, **options)
        assert reading.config is not None, [problem.message for problem in reading.problems]
        return [f"{problem.job}: {problem.code}" if problem.job else problem.code for problem in reading.problems]

    return warnings_of
