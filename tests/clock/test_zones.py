"""What `local` means: TZ, else the system's zone, and never an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aperture_plugin.clock.zones import local_zone


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("Europe/Riga", "Europe/Riga"),
        (":Europe/Riga", "Europe/Riga"),
        ("/usr/share/zoneinfo/Europe/Riga", "Europe/Riga"),
        ("UTC", "UTC"),
        ("EST5EDT", "EST5EDT"),
        ("<+03>-3", "Etc/GMT-3"),
        ("MSK-03", "Etc/GMT-3"),
        ("EST+5:00", "Etc/GMT+5"),
        ("UTC0", "Etc/GMT+0"),
    ],
)
def test_tz_names_the_zone(said: str, key: str) -> None:
    assert local_zone({"TZ": said}).key == key


@pytest.mark.parametrize(
    "said", ["Mars/Olympus", "CET-1CEST,M3.5.0,M10.5.0/3", "<+0530>-5:30", "XYZ-99", "../etc/passwd"]
)
def test_a_tz_that_is_no_zone_means_utc_and_is_warned_of_once(said: str, caplog: pytest.LogCaptureFixture) -> None:
    zones = [local_zone({"TZ": said}), local_zone({"TZ": said})]

    assert [zone.key for zone in zones] == ["UTC", "UTC"]
    assert caplog.messages == [
        f"TZ is {said!r}, which is no time zone by name; UTC is used. Write a name such as TZ=Europe/Riga"
    ]


def test_a_tz_that_is_no_zone_is_told_in_one_line_by_a_command(tmp_path: Path) -> None:
    (tmp_path / "schedules.yaml").write_text("schedules:\n  scan: daily at 2 AM\n")
    command = [sys.executable, "-m", "aperture_plugin", "next", "--count", "1", "--from", "2026-03-29"]
    environ = {**os.environ, "TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}

    told = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, cwd=tmp_path)

    assert told.stdout == "2026-03-29 Sun  2:00 AM  scan\n"
    assert len(told.stderr.splitlines()) == 1


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
