"""Every tier that `preset: auto` may put in force is looked at as if it were."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aperture_plugin.config.model import Reading

ReadFile = Callable[..., Reading]
TIERS = """\
preset: auto
expect:
  - scan before backup
presets:
  small:
    items: under 500
    schedules:
      scan: daily at 2 AM
      backup: daily at 3 AM
  large:
    extends: small
    items: 500 to 9000
    schedules:
      scan: daily at 4 AM
  huge:
    extends: large
    items: 9000 and over
    schedules:
      sync: monthly on day 31 at 5 AM
"""

FAILED = '"scan before backup" fails on 2026-01-11: backup starts at 3:00 AM, and scan at 4:00 AM'
SHORT = "there is no day 31, and so no run, in 5 of 12 months"


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (None, ["auto-without-answer"]),
        (lambda: 100, []),
    ],
)
def test_what_fails_in_a_tier_that_is_not_in_force_is_told_with_its_name(
    size: Callable[[], int] | None, told: list[str], read_file: ReadFile
) -> None:
    problems = read_file(TIERS, library_size=size).problems

    assert [one.code for one in problems] == [*told, "expectation-failed", "short-month"]
    assert [one.message for one in problems[-2:]] == [f"with preset large, {FAILED}", f"with preset huge, {SHORT}"]
    assert problems[-2].is_error


def test_what_fails_in_the_tier_in_force_is_told_as_it_is_and_once(read_file: ReadFile) -> None:
    problems = read_file(TIERS, library_size=lambda: 600).problems

    assert [one.message for one in problems] == [FAILED, f"with preset huge, {SHORT}"]


def test_a_preset_that_is_named_is_the_only_one_held_to_what_the_file_expects(read_file: ReadFile) -> None:
    assert read_file(TIERS.replace("preset: auto", "preset: small")).problems == ()


def test_what_is_silenced_is_silenced_in_every_tier(read_file: ReadFile) -> None:
    text = f"lint:\n  ignore: [short-month]\n{TIERS}"

    assert [one.code for one in read_file(text, library_size=lambda: 100).problems] == ["expectation-failed"]
