"""Parameters of defaults that jobs share: compared as if each job had a copy, at the cost of what it says itself."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.config.model import Param, ReadContext
from aperture_plugin.config.reader import read

MANY = 70
"""More than are copied into each job."""


def written(shared: dict[int, int], preset: dict[int, int], own: dict[int, int]) -> str:
    def params(values: dict[int, int], indent: str) -> str:
        lines = [f"{indent}  p{n}: {value}\n" for n, value in values.items()]
        return f"{indent}params:\n{''.join(lines)}" if lines else ""

    return (
        f"preset: large\ndefaults:\n{params({n: n for n in range(MANY)} | shared, '  ')}"
        f"presets:\n  large:\n    schedules:\n      scan:\n        schedule: every hour\n{params(preset, '        ')}"
        f"schedules:\n  scan:\n    title: Scan\n{params(own, '    ')}"
    )


def params_of(text: str, file: str) -> dict[str, Mapping[str, Param]]:
    """Read *text* as a file of its own: read as another version of one file, it would share more than defaults."""
    found = read(text, ReadContext(file=file, environ={}, known_jobs=None, local_zone=ZoneInfo("UTC"))).config
    assert found is not None
    return {name: job.params for name, job in found.jobs.items()}


some = st.dictionaries(st.integers(0, MANY + 2), st.integers(0, 3), max_size=3)
files = st.builds(written, some, some, some)


@given(old=files, new=files)
def test_jobs_have_equal_parameters_if_all_of_them_are_equal(old: str, new: str) -> None:
    before, after = params_of(old, "a")["scan"], params_of(new, "b")["scan"]

    assert (before == after) == (dict(before) == dict(after)) == (after == before)
    assert before == dict(before)
    assert dict(before) == before


def test_what_defaults_say_is_not_looked_through_for_each_job() -> None:
    own = "".join(f"  job-{n}:\n    schedule: every hour\n    params:\n      own: {n}\n" for n in range(50))
    text = written({}, {}, {}) + own
    before, after = params_of(text, "a"), params_of(text.replace("own: 7\n", "own: 8\n"), "b")
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    differ = [name for name in before if before[name] != after[name]]
    sys.setprofile(None)

    assert differ == ["job-7"]
    assert calls < 50 * MANY / 2
