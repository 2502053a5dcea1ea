"""`aperture diff`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from aperture_plugin.cli import cli
from aperture_plugin.testing import World
from tests.cli.conftest import Shell

OLD = "timezone: Europe/Riga\nschedules:\n  scan: daily at 2:00 AM\n  backup: daily at 1:00 AM\n"
NEW = OLD.replace("2:00", "1:00")
BROKEN = "schedules:\n  scan: daily at 25:00\n"


@pytest.fixture
def git(world: World, monkeypatch: pytest.MonkeyPatch) -> Git:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    repository = Git(world.folder)
    repository("init", "-q", "-b", "main")
    repository.commit(**{"schedules.yaml": OLD})
    return repository


class Git:
    """A repository in the current folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        subprocess.run(("git", *who, *words), cwd=self.folder, check=True, capture_output=True)

    def commit(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        self("add", "-A")
        self("commit", "-q", "-m", "a change")


def write(world: World, **texts: str) -> None:
    for name, text in texts.items():
        (world.folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_a_move_is_told_in_a_line(world: World, shell: Shell) -> None:
    write(world, old=OLD, new=NEW)

    answer = shell("diff", "old.yaml", "new.yaml", "--from", "2026-01-10")

    assert answer.code == 0
    assert answer.lines[:4] == [
        "old.yaml → new.yaml: 1 job moved, 1 new collision",
        "",
        "Moved",
        "  scan: 2:00 AM → 1:00 AM  1 hour earlier",
    ]


def test_without_new_the_file_that_is_in_force_is_meant(world: World, shell: Shell) -> None:
    write(world, old=OLD, schedules=NEW)

    assert shell("diff", "old.yaml").lines[0] == "old.yaml → schedules.yaml: 1 job moved, 1 new collision"


def test_either_side_may_come_in_on_stdin(world: World) -> None:
    write(world, schedules=NEW)

    answer = CliRunner().invoke(cli, ["diff", "-", "schedules.yaml"], input=OLD)

    assert answer.stdout.startswith("stdin → schedules.yaml: 1 job moved")


def test_a_file_held_against_itself_says_nothing_changes(world: World, shell: Shell) -> None:
    write(world, old=OLD)

    answer = shell("diff", "old.yaml", "old.yaml", "--fail-on", "collision,more-runs,removed")

    assert (answer.code, answer.out) == (0, "old.yaml → old.yaml: nothing changes\n")


@pytest.mark.parametrize(
    ("what", "new", "told"),
    [
        ("collision", NEW, "error: scan and backup now collide in queue default\n"),
        ("more-runs", OLD + "  more: every hour\n", "error: there are more runs a week than before: 14 → 182\n"),
        ("removed", "schedules:\n  scan: daily at 2:00 AM\n", "error: jobs are removed: backup\n"),
    ],
)
def test_what_a_change_should_not_do_exits_with_1(what: str, new: str, told: str, world: World, shell: Shell) -> None:
    write(world, old=OLD, new=new)

    answer = shell("diff", "old.yaml", "new.yaml", "--fail-on", what)

    assert (answer.code, answer.err) == (1, told)
    for other in {"collision", "more-runs", "removed"} - {what}:
        if not (what == "more-runs" and other == "collision"):
            assert shell("diff", "old.yaml", "new.yaml", "--fail-on", other).code == 0


def test_several_things_to_fail_on_stand_behind_commas_or_one_by_one(world: World, shell: Shell) -> None:
    write(world, old=OLD, new=NEW)

    assert shell("diff", "old.yaml", "new.yaml", "--fail-on", "removed, collision").code == 1
    assert shell("diff", "old.yaml", "new.yaml", "--fail-on", "removed", "--fail-on", "collision").code == 1
    answer = shell("diff", "old.yaml", "new.yaml", "--fail-on", "colision")
    assert (answer.code, answer.err.splitlines()[0]) == (
        2,
        'error: --fail-on: there is no "colision"; did you mean "collision"?',
    )


# ── files that are not as they should be ──


def test_a_new_file_that_is_not_valid_shows_its_problems_as_check_does(world: World, shell: Shell) -> None:
    write(world, old=OLD, new=BROKEN)

    answer = shell("diff", "old.yaml", "new.yaml")

    assert answer.code == 1
    assert answer.lines == [
        'new.yaml:2:18: error: scan: "25:00" is not a time: 25 is not an hour of a day [bad-time]',
        "    2 |   scan: daily at 25:00",
        "      |                  ^^",
        "   hint: expected 00:00 to 23:59",
        "",
        "new.yaml is not valid: 1 job, 1 error",
    ]
    found = shell("diff", "old.yaml", "new.yaml", "--format", "json").json
    assert (found["valid"], [one["code"] for one in found["problems"]]) == (False, ["bad-time"])
    assert shell("diff", "old.yaml", "new.yaml", "--format", "markdown").lines[:8] == [
        "<!-- aperture diff -->",
        "### new.yaml is not valid",
        "",
        "1 error; the last good schedule would go on.",
        "",
        "```text",
        'new.yaml:2:18: error: scan: "25:00" is not a time: 25 is not an hour of a day [bad-time]',
        "    2 |   scan: daily at 25:00",
    ]


def test_an_old_file_that_is_not_valid_counts_as_none(world: World, shell: Shell) -> None:
    write(world, old=BROKEN, new=OLD)

    answer = shell("diff", "old.yaml", "new.yaml")

    assert answer.code == 0
    assert answer.lines[0].startswith("old.yaml → new.yaml: 2 jobs added")
    assert answer.err == "note: old.yaml is not valid (1 error): all of new.yaml counts as new\n"


@pytest.mark.parametrize("sides", [("old.yaml", "nope.yaml"), ("nope.yaml", "old.yaml"), (), ("-", "-")])
def test_what_is_not_there_exits_with_2(sides: tuple[str, ...], world: World, shell: Shell) -> None:
    write(world, old=OLD)

    assert shell("diff", *sides).code == 2


def test_the_null_device_is_no_file(world: World, shell: Shell) -> None:
    write(world, old=OLD)

    assert shell("diff", "/dev/null", "old.yaml").lines[0].startswith("no file → old.yaml: 2 jobs added")
    assert shell("diff", "old.yaml", "/dev/null").lines[0].startswith("old.yaml → no file: 2 jobs removed")
    assert shell("diff", "/dev/null", "/dev/null").code == 2


def test_a_preset_left_to_the_host_can_be_said(world: World, shell: Shell) -> None:
    text = "preset: auto\npresets:\n  small:\n    items: under 500\n    schedules:\n      scan: daily at {} AM\n"
    write(world, old=text.format(2), new=text.format(1))

    assert "--preset NAME compares one" in shell("diff", "old.yaml", "new.yaml").err
    answer = shell("diff", "old.yaml", "new.yaml", "--preset", "small")
    assert (answer.lines[3], answer.err) == ("  scan: 2:00 AM → 1:00 AM  1 hour earlier", "")
    assert shell("diff", "old.yaml", "new.yaml", "--preset", "large").code == 2


# ── git ──


def test_what_is_committed_is_held_against_what_is_saved(world: World, git: Git, shell: Shell) -> None:
    write(world, schedules=NEW)

    answer = shell("diff", "--git")

    assert answer.lines[0] == "schedules.yaml at HEAD → schedules.yaml: 1 job moved, 1 new collision"


def test_two_revisions_are_held_against_each_other(world: World, git: Git, shell: Shell) -> None:
    git.commit(**{"schedules.yaml": NEW})
    write(world, schedules=BROKEN)

    for words in (("HEAD~1", "HEAD"), ("HEAD~1..HEAD",), ("HEAD~1", "main")):
        assert "1 job moved, 1 new collision" in shell("diff", "--git", *words).lines[0]


def test_three_dots_mean_since_the_branches_parted(world: World, git: Git, shell: Shell) -> None:
    git("checkout", "-q", "-b", "branch")
    git.commit(**{"schedules.yaml": NEW})
    git("checkout", "-q", "main")
    git.commit(**{"schedules.yaml": OLD + "  more: manual\n"})

    assert "1 job removed" in shell("diff", "--git", "main..branch").lines[0]
    assert shell("diff", "--git", "main...branch").lines[0].endswith(": 1 job moved, 1 new collision")


def test_a_file_that_was_added_or_taken_away_is_understood(world: World, git: Git, shell: Shell) -> None:
    git.commit(**{"other.yaml": "schedules:\n  a: manual\n  b: manual\n  c: manual\n"})
    git("rm", "-q", "schedules.yaml")
    git("commit", "-q", "-m", "gone")

    added = shell("diff", "--git", "HEAD~2", "HEAD~1", "-f", "other.yaml")
    removed = shell("diff", "--git", "HEAD~1", "HEAD")

    assert added.lines[0].startswith("other.yaml at HEAD~2 → other.yaml at HEAD~1: 3 jobs added")
    assert removed.lines[0].startswith("schedules.yaml at HEAD~1 → schedules.yaml at HEAD: 2 jobs removed")
    assert shell("diff", "--git", "HEAD~2", "HEAD", "-f", "nope.yaml").code == 2


def test_a_file_that_was_renamed_is_followed(world: World, git: Git, shell: Shell) -> None:
    git("mv", "schedules.yaml", "jobs.yaml")
    git.commit(**{"jobs.yaml": NEW})

    answer = shell("diff", "--git", "HEAD~1", "HEAD", "-f", "jobs.yaml")

    assert answer.lines[0].endswith(": 1 job moved, 1 new collision")


def test_the_file_may_lie_in_a_folder_of_the_repository(world: World, git: Git, shell: Shell) -> None:
    folder = world.folder / "deploy"
    folder.mkdir()
    git.commit(**{"deploy/schedules.yaml": OLD})
    git.commit(**{"deploy/schedules.yaml": NEW})

    answer = shell("diff", "--git", "HEAD~1", "HEAD", "-f", "deploy/schedules.yaml")

    assert answer.lines[0].endswith(": 1 job moved, 1 new collision")


@pytest.mark.parametrize("revision", ["nope", "--output=x", "nope..HEAD"])
def test_a_revision_that_git_does_not_know_exits_with_2(revision: str, world: World, git: Git, shell: Shell) -> None:
    answer = shell("diff", "--git", "--", revision, *([] if ".." in revision else ["HEAD"]))

    assert answer.code == 2
    assert answer.err.startswith("error: git knows no revision ")


def test_outside_of_a_repository_that_is_told(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(world.folder.parent))
    write(world, schedules=OLD)

    answer = shell("diff", "--git")

    assert answer.code == 2
    assert answer.err == f"error: {world.folder} is in no git repository\n"


# ── the other formats ──


def test_markdown_holds_words_of_the_file_in_code_spans(world: World, shell: Shell) -> None:
    text = "schedules:\n  scan:\n    schedule: {}\n    command: {}\n"
    write(world, old=text.format("cron */5 * * * *", "a | b"), new=text.format("cron */6 * * * *", "'`a` || @b'"))

    lines = shell("diff", "old.yaml", "new.yaml", "--format", "markdown").lines

    assert lines[:2] == ["<!-- aperture diff -->", "### old.yaml → new.yaml"]
    assert (
        "| `scan` | Cron \\*/5 \\* \\* \\* \\* → Cron \\*/6 \\* \\* \\* \\* | 1,344 stay, 5,376 move, 1,344 go |"
        in lines
    )
    assert "| `scan` | `command` | `a \\| b` | `` `a` \\|\\| @b `` |" in lines
    assert sum("<details>" in line for line in lines) == sum("</details>" in line for line in lines)


def test_json_tells_all_of_it(world: World, shell: Shell) -> None:
    write(world, old=OLD, new=NEW)

    found = shell("diff", "old.yaml", "new.yaml", "--from", "2026-01-10", "--format", "json").json

    assert found["from"] == "2026-01-10T00:00:00+02:00"
    assert found["until"] == "2026-02-07T00:00:00+02:00"
    assert found["moved"] == [
        {
            "job": "scan",
            "move": "2:00 AM → 1:00 AM",
            "from": "Daily at 2:00 AM",
            "to": "Daily at 1:00 AM",
            "timezone": {"from": "Europe/Riga", "to": "Europe/Riga"},
            "slots": {
                "kept": 0,
                "moved": 28,
                "added": 0,
                "removed": 0,
                "first_moved": {"from": "2026-01-10T02:00:00+02:00", "to": "2026-01-10T01:00:00+02:00"},
            },
        }
    ]
    assert found["collisions"]["new"] == [
        {
            "queue": "default",
            "seats": 1,
            "jobs": ["scan", "backup"],
            "times": 28,
            "first": "2026-01-10T01:00:00+02:00",
        }
    ]
    assert found["runs_per_week"] == {"before": 14, "after": 14, "jobs": []}
