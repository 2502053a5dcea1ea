"""`aperture init` and `aperture preset`."""

from __future__ import annotations

from pathlib import Path

from aperture_plugin import Aperture
from aperture_plugin.testing import World
from tests.cli.conftest import Shell

TIERS = """\
preset: medium
presets:
  default:
    schedules:
      scan: daily at 2 AM
      build: weekly on sunday at 5 AM
  medium:
    extends: default
    items: 500 to 2000
    schedules:
      scan: daily at 3 AM
  large:
    extends: default
    items: 2000 and over
    schedules:
      build:
        schedule: after scan
        timeout: 6 hours
"""
HOST = """\
from aperture_plugin import Job, hookimpl

@hookimpl
def aperture_jobs():
    yield Job("scan", print)
    yield Job("build", print)

@hookimpl
def aperture_library_size():
    return 2500
"""


def test_what_init_writes_is_valid(world: World, shell: Shell) -> None:
    first = shell("init")

    assert first.code == 0
    assert first.lines[0] == "wrote  schedules.yaml"
    assert first.lines[-2:] == ["Now:   aperture check", "       aperture start"]
    assert shell("check", "--strict").code == 0


def test_init_overwrites_nothing_and_says_so(world: World, shell: Shell) -> None:
    world.write("# mine\n")

    answer = shell("init")

    assert answer.code == 0
    assert answer.lines[0] == "left   schedules.yaml, which was there already"
    assert world.file.read_text() == "# mine\n"


def test_init_in_a_folder_says_how_to_get_there(world: World, shell: Shell) -> None:
    answer = shell("init", "library")

    assert "Now:   cd library && aperture check" in answer.out
    assert Path("library/schedules.yaml").is_file()


def test_init_where_nothing_can_be_written(world: World, shell: Shell) -> None:
    world.write("# a file, not a folder\n")

    answer = shell("init", "schedules.yaml")

    assert (answer.code, answer.err) == (1, "error: schedules.yaml: File exists\n")


def test_presets_are_listed_with_what_each_changes(world: World, shell: Shell) -> None:
    world.write(TIERS)

    assert shell("preset").lines == [
        "schedules.yaml goes by medium",
        "auto would pick none: no plugin says how many items the library holds",
        "",
        "  default",
        "    scan   Daily at 2:00 AM",
        "    build  Weekly on Sunday at 5:00 AM",
        "",
        "→ medium  (extends default; items: 500 to 2000)",
        "    scan  Daily at 2:00 AM → Daily at 3:00 AM",
        "",
        "  large  (extends default; items: 2000 and over)",
        "    build  Weekly on Sunday at 5:00 AM → After scan",
        "    build  timeout: 6 hours",
    ]


def test_auto_says_why_it_picks_what_it_picks(world: World, shell: Shell) -> None:
    world.write(TIERS.replace("preset: medium", "preset: auto"))
    (world.folder / "hooks").mkdir()
    (world.folder / "hooks" / "host.py").write_text(HOST)

    answer = shell("preset", "--format", "json").json

    assert (answer["in_force"], answer["is_auto"]) == ("large", True)
    assert answer["auto"] == {
        "preset": "large",
        "items": 2500,
        "reason": "the library holds 2,500 items, and large is for 2000 and over",
    }


def test_one_preset_is_held_against_the_file_as_it_is(world: World, shell: Shell) -> None:
    world.write(TIERS + "schedules:\n  scan: daily at 4 AM\n")

    assert shell("preset", "large").lines[-3:] == [
        "choosing it would change 1 job of schedules.yaml:",
        "    build  Weekly on Sunday at 5:00 AM → After scan",
        "    build  timeout: 6 hours",
    ]


def test_a_preset_that_does_not_exist_is_wrong_usage(world: World, shell: Shell) -> None:
    world.write(TIERS)

    answer = shell("preset", "lrge")

    assert (answer.code, answer.err.splitlines()[1]) == (2, '   hint: did you mean "large"?')


def test_a_file_without_presets_says_so(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: daily at 2 AM\n")

    assert shell("preset").out == "schedules.yaml declares no presets\n"


def test_what_auto_picked_before_is_kept_near_its_size_and_said_so(world: World, shell: Shell) -> None:
    world.write(TIERS.replace("preset: medium", "preset: auto"))
    (world.folder / "hooks").mkdir()
    host = world.folder / "hooks" / "host.py"
    host.write_text(HOST.replace("2500", "1990"))
    with Aperture(world.file, clock=world.clock, watch=False):
        pass
    host.write_text(HOST.replace("2500", "2150"))

    kept = shell("preset")
    alone = shell("next", "--format", "json").json
    host.write_text(HOST.replace("2500", "2201"))
    moved = shell("preset")

    assert kept.lines[:3] == [
        "auto has picked medium",
        "auto picks medium: the library holds 2,150 items, and medium is for 500 to 2000; it was picked before, and "
        "stays up to 2,200 (a tenth more)",
        "aperture preset NAME shows what changes when auto picks another one",
    ]
    assert {slot["nominal"][-5:] for slot in alone} == {"02:00"}  # large: by the size alone
    assert moved.lines[1] == "auto picks large: the library holds 2,201 items, and large is for 2000 and over"


def test_a_minimal_starter_is_short_and_works(world: World, shell: Shell) -> None:
    answer = shell("init", "--minimal", "site")

    assert answer.code == 0
    assert "wrote  site/schedules.yaml\n" in answer.out
    assert all(
        len((world.folder / "site" / name).read_text().splitlines()) <= 10
        for name in ("schedules.yaml", "hooks/hello.py")
    )
    assert shell("check", "--strict", "site/schedules.yaml").code == 0
    assert "left   site/schedules.yaml" in shell("init", "--minimal", "site").out
