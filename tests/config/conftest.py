"""What the tests of this room share: a way to read a text as a file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.config.layers.incremental import forget_readings
from aperture_plugin.config.model import Config, ReadContext, Reading
from aperture_plugin.config.reader import read
from aperture_plugin.words.secrets import FoundSecret

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
JOBS = ("scan", "backup", "sync")

ReadFile = Callable[..., Reading]
Configure = Callable[..., Config]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Let every test read its files for the first time."""
    forget_readings()


def _secret_of(name: str) -> FoundSecret:
    found = {"file:secrets/token": FoundSecret("hunter22"), "file:secrets/open": FoundSecret("hunter22", is_open=True)}
    return found.get(name, FoundSecret(problem="it is not there"))


@pytest.fixture
def read_file() -> ReadFile:
    """Read a text as schedules.yaml, with a plugin that registers scan, backup and sync."""

    def reading_of(
        text: str | bytes,
        *,
        environ: Mapping[str, str] | None = None,
        known_jobs: Collection[str] | None = JOBS,
        library_size: Callable[[], int | None] | None = None,
        starting: bool = False,
        local_zone: str = "UTC",
        declared: Mapping[str, Mapping[str, int]] | None = None,
    ) -> Reading:
        return read(
            text,
            ReadContext(
                file="schedules.yaml",
                environ=environ or {},
                known_jobs=known_jobs,
                local_zone=ZoneInfo(local_zone),
                library_size=library_size,
                now=NOW,
                starting=starting,
                linting=not starting,
                declared=declared or {},
                secret_of=_secret_of,
            ),
        )

    return reading_of


@pytest.fixture
def configure(read_file: ReadFile) -> Configure:
    """Read a text that has no errors, and return the configuration."""

    def config_of(text: str, **options: object) -> Config:
        reading = read_file(text, **options)
        assert reading.config is not None, [problem.message for problem in reading.problems]
        return reading.config

    return config_of
