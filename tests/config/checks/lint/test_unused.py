"""Queues, limits and presets that the file declares and nobody asks for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Warned = Callable[..., list[str]]


@pytest.mark.parametrize("what", ["queue", "limit"])
@pytest.mark.parametrize("who", ["job", "defaults", "preset"])
def test_what_a_layer_asks_for_is_used(what: str, who: str, warned: Warned) -> None:
    declared = "queues:\n  quick: 2\n" if what == "queue" else "limits:\n  quick: 1 per second\n"
    jobs = {
        "job": f"schedules:\n  scan:\n    schedule: manual\n    {what}: quick\n",
        "defaults": f"defaults:\n  {what}: quick\nschedules:\n  scan: manual\n",
        "preset": f"preset: a\npresets:\n  a:\n    extends: b\n  b:\n    schedules:\n      scan:\n"
        f"        schedule: manual\n        {what}: quick\n",
    }

    assert warned(declared + jobs[who]) == []
    assert warned(declared + "schedules:\n  scan: manual\n") == [f"unused-{what}"]


def test_the_default_queue_may_be_declared_and_not_named(warned: Warned) -> None:
    assert warned("queues:\n  default: 2\nschedules:\n  scan: manual\n") == []


def test_presets_of_which_none_is_in_force_are_told_once(warned: Warned) -> None:
    presets = "presets:\n" + "".join(f"  {name}:\n    schedules:\n      scan: manual\n" for name in ("a", "b"))

    assert warned(presets) == ["unused-presets"]
    assert warned(f"preset: b\n{presets}") == []
