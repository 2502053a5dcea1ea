"""The schedules.yaml that everybody starts from."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.config.model import ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.words.phrases import phrase_of

STARTER = Path(__file__).parents[2] / "schedules.yaml"

DEFAULTS = {
    "user-sync": "Every 30 minutes",
    "database-backup": "Daily at 1:00 AM",
    "library-scan": "Daily at 2:00 AM",
    "watch-history": "Every 2 hours",
    "embeddings": "Daily at 3:00 AM",
    "recommendations": "Weekly on Sunday at 4:00 AM",
    "library-build": "Weekly on Sunday at 5:00 AM",
    "top-picks": "Daily at 5:00 AM",
    "enrichment": "Every 6 hours",
    "discovery": "Daily at 6:00 AM",
}

TIERS = {
    "default": {},
    "small": {
        "recommendations": "Daily at 4:00 AM",
        "library-build": "Daily at 5:00 AM",
        "top-picks": "Daily at 5:15 AM",
    },
    "medium": {"top-picks": "Daily at 5:15 AM"},
    "large": {
        "database-backup": "Daily at 12:30 AM",
        "library-scan": "Daily at 1:00 AM",
        "embeddings": "Weekly on Saturday at 3:00 AM",
        "library-build": "After recommendations",
    },
}


@pytest.mark.parametrize("preset", TIERS)
def test_each_preset_of_the_starter_holds_the_documented_schedules(preset: str) -> None:
    text = STARTER.read_text().replace("preset: medium", f"preset: {preset}")

    reading = read(
        text, ReadContext(file="schedules.yaml", environ={}, known_jobs=set(DEFAULTS), local_zone=ZoneInfo("UTC"))
    )

    assert reading.problems == ()
    assert reading.config is not None
    phrases = {name: phrase_of(job.schedule) for name, job in reading.config.jobs.items()}
    assert phrases == DEFAULTS | TIERS[preset]


def test_the_starter_picks_a_preset_by_the_size_of_the_library() -> None:
    text = STARTER.read_text().replace("preset: medium", "preset: auto")

    def picked(items: int) -> str | None:
        config = read(
            text,
            ReadContext(
                file="schedules.yaml",
                environ={},
                known_jobs=set(DEFAULTS),
                local_zone=ZoneInfo("UTC"),
                library_size=lambda: items,
            ),
        ).config
        return None if config is None else config.preset

    assert [picked(items) for items in (0, 499)] == ["small", "small"]
    assert [picked(items) for items in (500, 1999)] == ["medium", "medium"]
    assert picked(2000) == "large"


def test_no_two_jobs_of_a_recommended_preset_begin_their_night_at_one_time() -> None:
    for preset in ("small", "medium", "large"):
        text = STARTER.read_text().replace("preset: medium", f"preset: {preset}")
        config = read(
            text, ReadContext(file="s", environ={}, known_jobs=set(DEFAULTS), local_zone=ZoneInfo("UTC"))
        ).config
        assert config is not None

        times = [at for job in config.jobs.values() for at in getattr(job.schedule, "times", ())]

        assert len(times) == len(set(times)), preset
