"""What `local` means: TZ, else the system's zone, and never an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aperture_plugin.clock.local_zone import local_zone
from aperture_plugin.triggers.posix_zone import named_zone


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
        ("<+0530>-5:30", "<+0530>-5:30"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/3"),
    ],
)
def test_tz_names_the_zone(said: str, key: str) -> None:
    assert local_zone({"TZ": said}).key == key


@pytest.mark.parametrize(
    "said", ["Mars/Olympus", "XYZ-99", "../etc/passwd", "/etc/passwd", "/nowhere", "CET-1CEST,M99.5.0,M10.5.0"]
)
def test_a_tz_that_is_no_zone_means_utc_and_is_warned_of_once(said: str, caplog: pytest.LogCaptureFixture) -> None:
    zones = [local_zone({"TZ": said}), local_zone({"TZ": said})]

    assert [zone.key for zone in zones] == ["UTC", "UTC"]
    assert caplog.messages == [
        f"TZ is {said!r}, which is no time zone's name, file or rule; UTC is used. Write a name such as TZ=Europe/Riga"
    ]


def test_a_tz_that_is_no_zone_is_told_in_one_line_by_a_command(tmp_path: Path) -> None:
    (tmp_path / "schedules.yaml").write_text("schedules:\n  scan: daily at 2 AM\n")
    command = [sys.executable, "-m", "aperture_plugin", "next", "--count", "1", "--from", "2026-03-29"]
    environ = {**os.environ, "TZ": "Mars/Olympus"}

    told = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, cwd=tmp_path)

    assert told.stdout == "2026-03-29 Sun  2:00 AM  scan\n"
    assert len(told.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "rule",
    [
        "CST6CDT,M3.2.0,M11.1.0",
        "<+0530>-5:30",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
        "AEST-10AEDT,J60,J300",
        "NZST-12NZDT,M9.5.0,M4.1.0/3",
    ],
)
def test_a_rule_of_posix_is_read_as_the_c_library_reads_it(rule: str) -> None:
    zone = local_zone({"TZ": rule})
    instants = [
        datetime(2026, month, day, hour, tzinfo=UTC) for month in range(1, 13) for day in (1, 15) for hour in (0, 9)
    ]
    code = "import sys, time; print(*(time.localtime(int(at)).tm_gmtoff for at in sys.argv[1:]))"
    words = [sys.executable, "-c", code, *(str(int(at.timestamp())) for at in instants)]

    told = subprocess.run(words, env={**os.environ, "TZ": rule}, capture_output=True, text=True, check=True)

    offsets = [at.astimezone(zone).utcoffset() for at in instants]
    assert [offset // timedelta(seconds=1) for offset in offsets if offset] == list(map(int, told.stdout.split()))


def test_a_zone_file_is_the_zone_of_the_database_with_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "localtime"
    shutil.copyfile("/usr/share/zoneinfo/Europe/Berlin", file)

    assert local_zone({"TZ": f":{file}"}).key == "Europe/Berlin"


def test_a_zone_file_of_ones_own_has_the_rule_it_ends_with_for_its_name(tmp_path: Path) -> None:
    file = tmp_path / "localtime"
    file.write_bytes(Path("/usr/share/zoneinfo/Europe/Berlin").read_bytes().replace(b"CET-1CEST", b"MEZ-1MESZ"))

    zone = local_zone({"TZ": str(file)})

    assert zone.key == "MEZ-1MESZ,M3.5.0,M10.5.0/3"
    assert named_zone(zone.key) is zone, "what a store keeps of it is read back as the same zone"


def test_a_change_of_tz_is_seen_at_the_next_look() -> None:
    environ = {"TZ": "Europe/Riga"}
    before = local_zone(environ).key
    environ["TZ"] = "Asia/Tokyo"

    assert (before, local_zone(environ).key) == ("Europe/Riga", "Asia/Tokyo")


def test_a_machine_without_zone_data_takes_the_packages() -> None:
    code = "from aperture_plugin.clock.local_zone import local_zone; print(local_zone({'TZ': 'Europe/Riga'}).key)"
    environ = {**os.environ, "PYTHONTZPATH": ""}

    told = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "Europe/Riga"
