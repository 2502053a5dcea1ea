"""The parameters that a person gives one run: known or not, and of which type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin import Aperture, Job, ParamRefused, hookimpl, run_json
from aperture_plugin.app.run_params import Written, asked_note, asked_params
from aperture_plugin.config.model import ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.ports import LiveRun

DEFAULTS = {"depth": 1, "rate": 0.5, "dry": False, "folder": "films", "kinds": ["film"], "map": {}, "since": None}
JOB = Job("scan", print, params=DEFAULTS)
PLAIN = "schedules:\n  scan:\n    type: manual\n    params:\n      extra: said\n"
COMMAND = "schedules:\n  scan:\n    type: manual\n    command: 'true'\n"


def words(text: str = PLAIN) -> Any:
    config = read(text, ReadContext(file="schedules.yaml", environ={}, local_zone=ZoneInfo("UTC"))).config
    assert config is not None
    return config.jobs["scan"]


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("depth=3", 3),
        ("rate=2", 2.0),
        ("dry=yes", True),
        ("dry=false", False),
        ("folder=007", "007"),
        ("folder=", ""),
        ("kinds=[film, 2]", ["film", 2]),
        ("map={a: 1}", {"a": 1}),
        ("since=2026-01-10", "2026-01-10"),
        ("since=~", None),
        ("extra=3", 3),
        ("extra=1.50", 1.5),
        ("extra=true", True),
        ("extra='3'", "3"),
        ("extra=a: b # c", "a: b # c"),
        ("extra=[2026-01-10]", ["2026-01-10"]),
    ],
)
def test_a_value_has_the_type_of_the_default_or_that_which_yaml_reads(typed: str, value: object) -> None:
    name, _, text = typed.partition("=")

    assert asked_params(words(), JOB, {name: Written(text)}) == {name: value}


@pytest.mark.parametrize(
    ("typed", "message", "hint"),
    [
        ("dpeth=3", 'scan has no parameter "dpeth"', 'did you mean "depth"?'),
        ("x=3", 'scan has no parameter "x"', "scan takes depth, rate, dry, folder, kinds, map, since, extra"),
        ("depth=many", 'depth: "many" is not a whole number', "write one such as 7"),
        ("depth=1.5", 'depth: "1.5" is not a whole number', "write one such as 7"),
        ("rate=fast", 'rate: "fast" is not a number', "write one such as 2.5"),
        ("rate=nan", "rate: nan is not a number that can be kept", "give it a value of the type that its default has"),
        ("dry=perhaps", 'dry: "perhaps" is neither yes nor no', "write yes or no"),
        ("kinds=film", 'kinds: "film" is not a list', "write one such as [a, b]"),
        ("map=[a]", "map: ['a'] is not a mapping", "write one such as {a: 1}"),
    ],
)
def test_what_the_job_does_not_know_or_cannot_take_is_refused(typed: str, message: str, hint: str) -> None:
    name, _, text = typed.partition("=")

    with pytest.raises(ParamRefused) as refused:
        asked_params(words(), JOB, {name: Written(text)})

    assert (str(refused.value), refused.value.hint) == (message, hint)


VALUES_OF_OTHER_TYPES = [True, "many", 1.5, None, ["a"], b"3", {"a": 1}, object(), float("inf")]


@pytest.mark.parametrize("value", VALUES_OF_OTHER_TYPES, ids=lambda value: type(value).__name__)
def test_a_value_of_python_must_have_the_type_too(value: object) -> None:
    with pytest.raises(ParamRefused, match=r"depth: .*is"):
        asked_params(words(), JOB, {"depth": value})


def test_values_of_python_and_json_stay_as_they_are() -> None:
    given = {"depth": 3, "rate": 2, "extra": "3", "kinds": ("a", "b")}

    assert asked_params(words(), JOB, given) == {"depth": 3, "rate": 2.0, "extra": "3", "kinds": ["a", "b"]}


def test_a_command_takes_any_unless_the_file_gives_it_some() -> None:
    some = words(COMMAND + "    params:\n      table: all\n")

    assert asked_params(words(COMMAND), None, {"n": Written("3"), "zip": Written("007")}) == {"n": 3, "zip": "007"}
    with pytest.raises(ParamRefused, match='no parameter "tabel"'):
        asked_params(some, None, {"tabel": Written("x")})


def test_a_job_without_any_says_where_they_come_from() -> None:
    bare = words("schedules:\n  scan: manual\n")

    with pytest.raises(ParamRefused) as refused:
        asked_params(bare, Job("scan", print), {"depth": 1})

    assert "a plugin registers them" in refused.value.hint


@pytest.mark.parametrize("text", ["[a", "{a: ", "'a", "[&a x, *a]", "[!!python/name:os.system x]", "[" * 5000])
def test_what_is_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(ParamRefused, match="no YAML"):
        asked_params(words(), JOB, {"extra": Written(text)})


def test_more_than_a_run_keeps_is_refused() -> None:
    with pytest.raises(ParamRefused, match="characters"):
        asked_params(words(), JOB, {"folder": "x" * 70_000})


def test_a_refusal_shows_no_secret() -> None:
    job = Job("scan", print, params={"api_token": 1})

    with pytest.raises(ParamRefused, match="api_token: ••• is not a whole number"):
        asked_params(words(), job, {"api_token": Written("hunter22")})


def test_a_note_is_one_line_without_secrets() -> None:
    note = asked_note("use  postgres://u:s3cr3tpw@db\nand hunter22", {"API_KEY": "hunter22"}, None)

    assert note == "use postgres://u:•••@db and •••"
    assert asked_note("  ", {}, None) is None


class Host:
    """A job that tells what it was given."""

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        yield Job("scan", self.scan, params={"depth": 1, "api_token": ""})

    def scan(self, run: LiveRun) -> dict[str, Any]:
        run.log.info("the key is %s", run.params["api_token"])
        return dict(run.params)


def test_a_host_asks_for_a_run_with_parameters(tmp_path: Path) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text("schedules:\n  scan:\n    type: manual\n    params:\n      depth: 2\n", encoding="utf-8")

    with Aperture(file, plugins=[Host()], entry_points=False) as aperture:
        plain = aperture.run("scan").wait(10)
        asked = aperture.run("scan", params={"depth": "5", "api_token": "hunter22"}, note="try it").wait(10)
        with pytest.raises(ParamRefused, match='no parameter "dept"'):
            aperture.run("scan", params={"dept": 1})
        lines = aperture._open_store().log_lines(asked.id)

    row = run_json(asked, ZoneInfo("UTC"))
    assert (plain.result, plain.params, plain.note) == ({"depth": 2, "api_token": ""}, None, None)
    assert (asked.note, asked.params) == ("try it", {"depth": 5, "api_token": "hunter22"})
    assert (row["params"], row["note"]) == ({"depth": 5, "api_token": "•••"}, "try it")
    assert row["result"]["depth"] == 5
    assert [line.text for _, line in lines] == ["the key is •••"]
