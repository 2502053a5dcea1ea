"""What `local` means: TZ, else the system's zone, and never an error."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from aperture_plugin.clock.zones import local_zone


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("Europe/Riga", "Europe/Riga"),
        (":Europe/Riga", "Europe/Riga"),
        ("/usr/share/zoneinfo/Europe/Riga", "Europe/Riga"),
        ("UTC", "UTC"),
    ],
)
def test_tz_names_the_zone(said: str, key: str) -> None:
    assert local_zone({"TZ": said}).key == key


def test_a_tz_that_is_no_zone_is_passed_over_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    zone = local_zone({"TZ": "Mars/Olympus"})

    assert zone.key == local_zone({}).key
    assert "TZ is 'Mars/Olympus', which is no time zone by name" in caplog.text


def test_a_change_of_tz_is_seen_at_the_next_look() -> None:
    environ = {"TZ": "Europe/Riga"}
    before = local_zone(environ).key
    environ["TZ"] = "Asia/Tokyo"

    assert (before, local_zone(environ).key) == ("Europe/Riga", "Asia/Tokyo")


def test_a_machine_without_zone_data_takes_the_packages() -> None:
    code = "from aperture_plugin.clock.zones import local_zone; print(local_zone({'TZ': 'Europe/Riga'}).key)"
    environ = {**os.environ, "PYTHONTZPATH": ""}

    told = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "Europe/Riga"
