"""Taking collisions away: only who must moves, only the word that says when is changed, and the file stays valid."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aperture_plugin.app.plan.collisions import Collision, collisions_of, needed_by
from aperture_plugin.app.plan.job_durations import Durations
from aperture_plugin.app.plan.patch import Proposal, patch_of, proposal_json, proposed
from aperture_plugin.app.plan.plan import planned
from aperture_plugin.config.model import Config, ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.words.phrases import phrase_of
from tests.app.plan.samples import config_of, instant

SINCE = instant("2026-01-09T12:00")
SPAN = timedelta(days=3)


def reread(text: str) -> Config | None:
    return read(
        text, ReadContext(file="schedules.yaml", environ={}, known_jobs=None, local_zone=ZoneInfo("UTC"))
    ).config


def propose(text: str, *, minutes: int = 10, movable: tuple[str, ...] | None = None) -> Proposal:
    config = config_of(text)
    durations = Durations(config=config, otherwise=timedelta(minutes=minutes))
    plan = planned(config, since=SINCE, until=SINCE + SPAN, durations=durations)
    return proposed(plan, reread=reread, movable=movable)


def schedules(text: str, **more: int) -> dict[str, str]:
    proposal = propose(text, **more)  # type: ignore[arg-type]
    return {name: phrase_of(job.schedule) for name, job in proposal.config.jobs.items()}


def test_the_later_of_two_moves_to_when_the_earlier_has_ended() -> None:
    text = "schedules:\n  scan: daily at 2 AM\n  build: daily at 2 AM\n"

    assert schedules(text, minutes=35) == {"scan": "Daily at 2:00 AM", "build": "Daily at 2:35 AM"}


def test_a_file_without_collisions_is_left_as_it_is() -> None:
    proposal = propose("schedules:\n  scan: daily at 2 AM\n  build: daily at 3 AM\n")

    assert (proposal.moves, patch_of(proposal), proposal.text) == ((), "", proposal.plan.config.text)


def test_one_job_that_meets_all_others_moves_in_their_place() -> None:
    text = "schedules:\n  tick: every hour\n  a: daily at 2 AM\n  b: daily at 3 AM\n  c: daily at 4 AM\n"

    found = schedules(text, minutes=5)

    assert found == {
        "tick": "Every hour at :05",
        "a": "Daily at 2:00 AM",
        "b": "Daily at 3:00 AM",
        "c": "Daily at 4:00 AM",
    }


def test_of_several_times_only_the_one_that_collides_moves() -> None:
    text = "schedules:\n  a: daily at 2 AM\n  b: daily at 2 AM, 2 PM\n"

    assert schedules(text)["b"] == "Daily at 2:10 AM, 2:00 PM"


def test_a_move_stays_on_its_day() -> None:
    text = "schedules:\n  a: weekly on sunday at 11:55 PM\n  b: weekly on sunday at 11:55 PM\n"

    assert schedules(text)["b"] == "Weekly on Sunday at 11:45 PM"


def test_a_move_stays_in_its_window() -> None:
    text = (
        "schedules:\n  a: daily at 2 AM\n  b:\n    schedule: daily at 2 AM\n    window: 1:58 AM to 2:03 AM\n"
        "  c: manual\n"
    )

    proposal = propose(text, movable=("b",))

    assert phrase_of(proposal.config.jobs["b"].schedule) in {"Daily at 1:58 AM", "Daily at 1:59 AM", "Daily at 2:01 AM"}


def test_a_job_that_others_need_stays_before_them() -> None:
    text = (
        "schedules:\n  scan: daily at 2:00 AM\n  embed:\n    schedule: daily at 2:10 AM\n    needs: [scan]\n"
        "  other: daily at 2:00 AM\n  third: daily at 2:10 AM\n"
    )

    found = schedules(text)

    assert (found["scan"], found["embed"]) == ("Daily at 2:00 AM", "Daily at 2:10 AM")
    assert propose(text).left == ()


def test_a_job_that_needs_the_one_it_collides_beside_moves_no_further_than_its_order_allows() -> None:
    text = (
        "schedules:\n  scan: daily at 2:00 AM, 2:30 AM\n  embed:\n    schedule: daily at 2:20 AM\n    needs: [scan]\n"
        "  fixed: cron 20 2,3 * * *\n"
    )

    proposal = propose(text, movable=("embed",))

    assert phrase_of(proposal.config.jobs["embed"].schedule) == "Daily at 2:10 AM"


def test_what_cannot_be_moved_is_left_and_told() -> None:
    text = "schedules:\n  a: cron */30 2 * * *\n  b: cron */30 2 * * *\n"

    proposal = propose(text)

    assert proposal.moves == ()
    assert {one.names for one in proposal.left} == {("a", "b")}


def test_only_the_jobs_that_are_named_move() -> None:
    text = "schedules:\n  a: daily at 2 AM\n  b: daily at 2 AM\n"

    assert [move.job for move in propose(text, movable=("a",)).moves] == ["a"]


def test_a_job_is_not_moved_into_a_collision_after_the_span() -> None:
    text = (
        "schedules:\n  a: daily at 2 AM\n  b: daily at 2 AM\n  c: monthly on day 20 at 2:10 AM\n"
        "  d: monthly on day 20 at 1:50 AM\n"
    )

    assert schedules(text)["b"] not in {"Daily at 2:10 AM", "Daily at 1:50 AM"}


def test_of_three_the_one_that_can_be_moved_leaves_the_two_that_cannot() -> None:
    text = "schedules:\n  a: daily at 2 AM\n  b: cron */20 2,3 * * *\n  c: cron */20 2,3 * * *\n"

    proposal = propose(text)

    assert phrase_of(proposal.config.jobs["a"].schedule) == "Daily at 2:10 AM"
    assert {one.names for one in proposal.left} == {("b", "c")}


def test_a_job_that_was_hidden_behind_the_one_it_needs_moves_with_it() -> None:
    text = (
        "schedules:\n  scan: daily at 2 AM\n  other: cron */20 2,3 * * *\n"
        "  report:\n    schedule: daily at 2 AM\n    needs: [scan]\n"
    )

    proposal = propose(text, minutes=3)

    assert (proposal.left, {move.job for move in proposal.moves}) == ((), {"scan", "report"})


def test_a_move_that_only_lets_another_collide_in_its_place_is_taken_back() -> None:
    text = (
        "schedules:\n  scan: daily at 2 AM\n  other: cron */20 2,3 * * *\n"
        "  report:\n    schedule: daily at 2 AM\n    needs: [scan]\n"
    )

    assert propose(text, minutes=3, movable=("scan",)).moves == ()


def test_the_proposal_tells_what_comes_of_it() -> None:
    proposal = propose("schedules:\n  a: daily at 2 AM\n  b: daily at 2 AM\n")

    found = proposal_json(proposal, proposal.replanned())

    assert found["moves"] == [{"job": "b", "from": "Daily at 2:00 AM", "to": "Daily at 2:10 AM"}]
    assert found["collisions"] == {"before": 3, "after": 0}
    assert found["wait"] == {"before": 1800.0, "after": 0.0}
    assert found["left"] == []


class TestPatch:
    TEXT = "# top\nschedules:\n  a: daily at 2 AM   # first\n\n  b: 'daily at 2 AM' # second\n  c: manual"

    TOOLS = (("patch", "-p0", "-s"), ("git", "apply"))

    @pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[0])
    @pytest.mark.parametrize("text", [TEXT, TEXT + "\n", f"\ufeff{TEXT}\n"])
    def test_it_is_taken_by_the_usual_tools(self, text: str, tool: tuple[str, ...], tmp_path: Path) -> None:
        proposal = propose(text)
        file = tmp_path / "schedules.yaml"
        file.write_text(text, encoding="utf-8")

        subprocess.run(tool, cwd=tmp_path, input=patch_of(proposal).encode(), check=True)

        assert (
            file.read_text(encoding="utf-8") == proposal.text == text.replace("'daily at 2 AM'", "'daily at 2:10 AM'")
        )

    def test_lines_that_end_in_crlf_keep_their_ends(self, tmp_path: Path) -> None:
        text = f"{self.TEXT}\n".replace("\n", "\r\n")
        proposal = propose(text)
        file = tmp_path / "schedules.yaml"
        file.write_bytes(text.encode())

        subprocess.run(("git", "apply"), cwd=tmp_path, input=patch_of(proposal).encode(), check=True)

        assert file.read_bytes().decode() == proposal.text == text.replace("'daily at 2 AM'", "'daily at 2:10 AM'")

    def test_a_name_with_a_space_is_one_name(self, tmp_path: Path) -> None:
        proposal = propose(self.TEXT)
        object.__setattr__(proposal.plan.config, "file", "my jobs.yaml")
        file = tmp_path / "my jobs.yaml"
        file.write_text(self.TEXT, encoding="utf-8")

        subprocess.run(("patch", "-p0", "-s"), cwd=tmp_path, input=patch_of(proposal).encode(), check=True)

        assert file.read_text(encoding="utf-8") == proposal.text


# ── any small file ──

FORMS: list[Callable[[str], str]] = [
    " {}\n".format,
    " '{}'  # quoted\n".format,
    "\n    schedule: {}   # a phrase\n".format,
]
PHRASES = [
    *(f"daily at {at}" for at in ("2 AM", "02:00", "2:05 AM", "2 AM and 3 AM", "3:00 AM, 14:00", "11:55 PM")),
    *(f"every {span}" for span in ("hour", "30 minutes", "2 hours", "50 minutes", "3 hours at :10")),
    "weekly on saturday at 2 AM",
    "weekly on weekends at 3 AM",
    "monthly on day 11 at 2 AM",
    "cron 0 2 * * *",
    "cron */20 2,3 * * *",
    "once at 2026-01-10 2:00 AM",
    "manual",
]
KEYS = [
    "\n    type: daily\n    time: [2:00 AM, '03:00']  # two\n",
    "\n    type: weekly\n    day: sat\n    time: 2 AM\n",
    "\n    type: interval\n    hours: 1\n",
    "\n    type: interval\n    # every so often\n    minutes: 30\n    offset: 5 minutes\n",
]


@st.composite
def files(draw: st.DrawFn) -> str:
    """Draw a file of a few jobs that often collide, written in various ways."""
    names = ["scan", "embed", "build", "sync", "tidy", "report"][: draw(st.integers(2, 6))]
    lines = [f"timezone: {draw(st.sampled_from(['UTC', 'Europe/Riga']))}\n"]
    lines.append(f"queues:\n  default: {draw(st.sampled_from([1, 1, 2]))}\n  quick: 1\n\nschedules:   # all of them\n")
    for place, name in enumerate(names):
        body = draw(st.sampled_from(KEYS)) if draw(st.integers(0, 3)) == 0 else None
        if body is None:
            body = draw(st.sampled_from(FORMS))(draw(st.sampled_from(PHRASES)))
        lines.append(f"  {name}:{body}")
        if body.startswith("\n"):
            if place and draw(st.integers(0, 1)):
                lines.append(f"    needs: [{draw(st.sampled_from(names[:place]))}]\n")
            if draw(st.integers(0, 3)) == 0:
                lines.append("    window: 1:30 AM to 4:00 AM\n")
            if draw(st.integers(0, 3)) == 0:
                lines.append("    queue: quick\n")
        if draw(st.integers(0, 3)) == 0:
            lines.append(f"\n  # {name} ends here\n")
    return "".join(lines)


@settings(max_examples=60, deadline=None)
@given(files(), st.sampled_from([3, 25]))
def test_any_proposal_is_valid_and_moves_only_who_must(text: str, minutes: int) -> None:
    proposal = propose(text, minutes=minutes)
    before, after = proposal.plan.config, proposal.config
    colliding = {name for one in proposal.plan.collisions for name in one.names}
    moved = {move.job for move in proposal.moves}

    needs = needed_by(before)
    assert all(name in colliding or needs[name] & moved for name in moved), "a job moved that collides with nobody"
    assert all(after.jobs[name].schedule == job.schedule for name, job in before.jobs.items() if name not in moved)
    assert reread(proposal.text) == after
    old_left = {(one.queue, one.at) for one in proposal.plan.collisions}
    assert {(one.queue, one.at) for one in proposal.left} <= old_left, "a collision is new"
    assert_only_words_changed(text, proposal)
    for move in proposal.moves:
        assert_needed(proposal, move.job)
    assert propose(proposal.text, minutes=minutes).moves == (), "a second proposal finds more to move"


def assert_only_words_changed(text: str, proposal: Proposal) -> None:
    """Every line stays, or differs in a word or two; new ones say an offset."""
    new = proposal.text.split("\n")
    at = 0
    for line in text.split("\n"):
        while new[at].strip().startswith("offset: ") and not line.strip().startswith("offset: "):
            at += 1
        assert line.partition("#")[2] == new[at].partition("#")[2], "a comment changed"
        assert line.split(":")[0] == new[at].split(":")[0], "a key changed"
        at += 1
    assert not any(line.strip() and not line.strip().startswith("offset: ") for line in new[at:])


def assert_needed(proposal: Proposal, job: str) -> None:
    """Without the move of *job* more jobs would be in each other's way."""
    config = proposal.config
    old = proposal.plan.config.jobs[job].schedule
    back = replace(config, jobs={**config.jobs, job: replace(config.jobs[job], schedule=old)})
    found = collisions_of(back, since=SINCE, until=SINCE + SPAN)
    assert crowding(found) > crowding(proposal.left), f"{job} need not have moved"


def crowding(collisions: Iterable[Collision]) -> int:
    """Return how many jobs find no seat at once."""
    return sum(len(one.jobs) - one.seats for one in collisions)
