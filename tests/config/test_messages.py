"""Every problem that a file can have, read whole as a person reads it in a terminal."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aperture_plugin.config.checks.lint import all_lints
from aperture_plugin.config.checks.problem_codes import CODES, WARNINGS
from aperture_plugin.config.layers import sections
from aperture_plugin.config.model import Reading
from aperture_plugin.config.problem_report import text_reports
from aperture_plugin.config.problems import Place, Problems, Severity
from aperture_plugin.config.yaml import yaml_subset
from aperture_plugin.words.datetimes import read_date
from aperture_plugin.words.parse_error import Unreadable

ReadFile = Callable[..., Reading]

HERE = Path(__file__).parent
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+|alias|anchor|asterisk|directive|tab|tag")
PACKAGE = HERE.parents[1] / "aperture_plugin"


def cases() -> dict[str, tuple[str, str]]:
    """Return file and report by code, from messages.txt."""
    found = re.findall(r"^=== (\S+)\n(.*?)^>>>\n(.*?)\n\n", (HERE / "messages.txt").read_text(), re.S | re.M)
    return {code: (text, report) for code, text, report in found}


def report_of(reading: Reading) -> str:
    return "\n".join(text_reports(reading.problems, reading.text))


@pytest.mark.parametrize("code", sorted(cases()))
def test_a_fault_is_told_as_a_person_would_want_to_hear_it(code: str, read_file: ReadFile) -> None:
    text, report = cases()[code]

    reading = read_file(text)

    assert report_of(reading) == report
    assert {problem.code for problem in reading.problems} == {code}
    assert (reading.config is None) == (code not in WARNINGS)


def test_a_tab_is_told_where_it_stands(read_file: ReadFile) -> None:
    reading = read_file("schedules:\n  scan:\tdaily at 2 AM\n  backup:\n\ttype: daily\n")

    assert report_of(reading) == (
        "schedules.yaml:2:8: error: there is a tab between the words [tab]\n"
        "    2 |   scan:    daily at 2 AM\n"
        "      |        ^^^^\n"
        "   hint: write a space in its place, or put the text that needs the tab in quotes\n"
        "schedules.yaml:4:1: error: backup: the line is indented by a tab [tab-indentation]\n"
        "    4 |     type: daily\n"
        "      | ^^^^\n"
        "   hint: indent by spaces, two for each level; an editor can be set to do so when Tab is pressed"
    )


def test_a_character_that_nobody_sees_is_told_by_its_name(read_file: ReadFile) -> None:
    reading = read_file("schedules:\n  scan: daily at 2\x00 AM\n  backup: daily at \u202e2 AM\n")

    assert report_of(reading) == (
        "schedules.yaml:2:19: error: there is a character that cannot be seen: U+0000, a control character"
        " [unseen-character]\n"
        "    2 |   scan: daily at 2\ufffd AM\n"
        "      |                   ^\n"
        "   hint: delete it\n"
        "schedules.yaml:3:20: error: there is a character that cannot be seen: U+202E, RIGHT-TO-LEFT OVERRIDE"
        " [unseen-character]\n"
        "    3 |   backup: daily at \ufffd2 AM\n"
        "      |                    ^\n"
        '   hint: delete it; if the text needs it, write it as an escape within double quotes: "\\u202E"'
    )


def test_an_unusual_line_end_is_told_once_and_spoils_only_its_line(read_file: ReadFile) -> None:
    reading = read_file("schedules:\n  scan: daily at 2 AM\r  sync: nothing\n  backup: nightly\n")

    assert report_of(reading) == (
        "schedules.yaml:2:22: error: a lone carriage return ends this line [odd-line-end]\n"
        "    2 |   scan: daily at 2 AM\ufffd  sync: nothing\n"
        "      |                      ^\n"
        "   hint: save the file with LF or CRLF as its line ends\n"
        'schedules.yaml:3:11: error: backup: "nightly" begins no schedule [unknown-phrase]\n'
        "    3 |   backup: nightly\n"
        "      |           ^^^^^^^\n"
        "   hint: it says no time of day; write it in full, such as  daily at 2:00 AM"
    )


def test_a_type_that_cannot_be_read_in_a_preset_is_told_once_where_the_job_says_more(read_file: ReadFile) -> None:
    reading = read_file(
        "preset: home\npresets:\n  home:\n    schedules:\n      scan:\n        type: weakly\n        time: 3:00 AM\n"
        "schedules:\n  scan:\n    time: 4:00 AM\n"
    )

    assert [(problem.code, problem.place.line) for problem in reading.problems if problem.is_error] == [
        ("unknown-type", 6)
    ]


@pytest.mark.parametrize("command", ['""', "' '", "['', -l]"])
def test_a_command_that_names_no_program_is_an_error(command: str, read_file: ReadFile) -> None:
    reading = read_file(f"schedules:\n  scan:\n    schedule: daily at 2 AM\n    command: {command}\n")

    [problem] = reading.problems
    assert (problem.code, problem.message, problem.place.line) == ("nothing-written", "no program is named", 4)


def test_without_a_plugin_one_warning_tells_that_names_cannot_be_checked(read_file: ReadFile) -> None:
    text = (
        "schedules:\n  scan: daily at 2 AM\n  backup: daily at 3 AM\n  sync:\n    schedule: manual\n    command: ls\n"
    )

    reading = read_file(text, known_jobs=None)

    assert report_of(reading) == (
        "schedules.yaml:2:3: warning: scan: no plugin was found, so the names of 2 jobs cannot be checked"
        " [jobs-not-checked]\n"
        "    2 |   scan: daily at 2 AM\n"
        "      |   ^^^^\n"
        "   hint: name the plugin with --plugin, or what it registers with --jobs; a job with a command needs neither"
    )
    assert reading.config is not None


def test_a_library_that_no_preset_is_meant_for_is_a_warning(read_file: ReadFile) -> None:
    text = "preset: auto\npresets:\n  small:\n    items: under 500\n    schedules:\n      scan: daily at 2 AM\n"

    reading = read_file(text, library_size=lambda: 700)

    assert report_of(reading) == (
        "schedules.yaml:1:9: warning: no preset is meant for a library of 700 items [auto-without-preset]\n"
        "    1 | preset: auto\n"
        "      |         ^^^^\n"
        "   hint: widen the items of a preset; until then none is in force"
    )


def test_presets_with_too_many_jobs_to_lint_are_named(read_file: ReadFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_lints, "MOST_IN_TIERS", 1)
    tiers = "  small:\n    items: under 500\n    schedules:\n      scan: daily at 2 AM\n"
    tiers += "  large:\n    extends: small\n    items: 500 to 9000\n    schedules:\n      backup: daily at 2 AM\n"
    tiers += "  huge:\n    extends: large\n    items: 9000 and over\n"

    reading = read_file(f"preset: auto\npresets:\n{tiers}", library_size=lambda: 100)

    assert report_of(reading) == (
        "schedules.yaml:1:9: warning: preset large and 1 more are valid, and not looked at further: there are too many "
        "jobs in all that auto may pick [tiers-not-looked-at]\n"
        "    1 | preset: auto\n"
        "      |         ^^^^\n"
        "   hint: aperture check looks at 1 jobs; to have the rest looked at, name it for a moment\n"
        "         Write:  preset: large"
    )


def test_a_file_that_is_too_large_is_not_even_looked_at(read_file: ReadFile) -> None:
    reading = read_file(b"# " + b"x" * (20 * 1024 * 1024))

    assert report_of(reading) == (
        "schedules.yaml:1:1: error: the file has more than 16 MiB [file-too-large]\n"
        "   hint: expected less: a file of 100,000 jobs is smaller; is it the right file?"
    )


def test_another_encoding_is_told_by_its_name(read_file: ReadFile) -> None:
    reading = read_file("schedules:\n".encode("utf-16"))

    assert report_of(reading) == (
        "schedules.yaml:1:1: error: the file is written in UTF-16 [wrong-encoding]\n"
        "   hint: save it as UTF-8; most editors offer this under “Save as”"
    )


def test_a_byte_that_is_not_utf_8_is_told_where_it_stands(read_file: ReadFile) -> None:
    reading = read_file("schedules:\n  scan: daily at 2 AM # Größe\n".encode("latin-1"))

    assert report_of(reading) == (
        "schedules.yaml:2:27: error: the byte 0xF6 is not UTF-8 text [not-utf-8]\n"
        "    2 |   scan: daily at 2 AM # Gr\ufffd\ufffde\n"
        "      |                           ^^\n"
        "   hint: save it as UTF-8; most editors offer this under “Save as”"
    )


def test_a_file_of_bytes_is_not_told_byte_by_byte(read_file: ReadFile) -> None:
    reading = read_file(b"state: sqlite:///my.db\n" + b"\x01\x02\x03\n" * 30)

    assert [problem.code for problem in reading.problems] == ["unseen-character"] * 20 + ["not-a-text"]
    assert report_of(reading).endswith(
        "schedules.yaml:22:1: error: the file has many characters that are not text [not-a-text]\n"
        "   22 | \ufffd\ufffd\ufffd\n"
        "      | ^^^\n"
        "   hint: expected a text file in UTF-8; is it the right file?"
    )
    assert reading.state == "sqlite:///my.db"


def test_more_jobs_than_any_file_has_are_told_and_not_read(
    read_file: ReadFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sections, "MOST_JOBS", 3)
    text = "schedules:\n" + "".join(f"  j{n}: manual\n" for n in range(5))

    reading = read_file(text, known_jobs=[f"j{n}" for n in range(5)])

    assert report_of(reading) == (
        "schedules.yaml:5:1: error: there are more than 3 jobs in the file [too-many-jobs]\n"
        "    5 |   j3: manual\n"
        "      | ^\n"
        "   hint: is it the right file?"
    )


def test_a_value_that_would_take_too_long_to_read_is_told_by_its_length(read_file: ReadFile) -> None:
    text = "schedules:\n  scan: daily at " + "2 AM, " * 20_000 + "3 AM\n"

    reading = read_file(text)

    [report] = report_of(reading).split("\n\n")
    first, *_, hint = report.split("\n")
    assert first == "schedules.yaml:2:9: error: scan: the value has 120,013 characters [value-too-long]"
    assert hint == "   hint: expected at most 100,000; write a list, or several jobs"


def test_a_text_of_any_length_may_be_a_description(read_file: ReadFile) -> None:
    reading = read_file(f"schedules:\n  scan:\n    schedule: manual\n    description: {'x' * 200_000}\n")

    assert reading.problems == ()


def test_more_presets_than_any_file_has_are_told_and_not_read(
    read_file: ReadFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sections, "MOST_PRESETS", 2)
    text = "preset: p1\npresets:\n" + "".join(f"  p{n}:\n    extends: p0\n" for n in range(1, 5))

    reading = read_file(text)

    assert report_of(reading) == (
        "schedules.yaml:7:3: error: there are more than 2 presets in the file [too-many-presets]\n"
        "    7 |   p3:\n"
        "      |   ^^\n"
        "   hint: is it the right file?"
    )


def test_more_values_than_anybody_writes_are_told_and_not_read(read_file: ReadFile) -> None:
    text = f"schedules:\n  scan:\n    schedule: manual\n    needs:\n{'    - backup' + chr(10)}" + "    - x\n" * 20_000

    reading = read_file(text)

    assert report_of(reading) == (
        "schedules.yaml:20005:5: error: scan: there are more values here than anybody writes [too-much]\n"
        "20005 |     - x\n"
        "      |     ^\n"
        "   hint: expected at most 20,000 values in one list, or keys in one mapping, and 200,000 in one job"
    )


def test_more_values_in_all_jobs_than_any_file_has_are_told_and_not_read(
    read_file: ReadFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sections, "MOST_VALUES", 100)
    text = "schedules:\n" + "".join(
        f"  {job}:\n    schedule: manual\n    requires env: [{', '.join(f'N{n}' for n in range(60))}]\n"
        for job in ("scan", "backup", "sync")
    )

    reading = read_file(text)

    assert report_of(reading) == (
        "schedules.yaml:5:1: error: there are more than 100 values in the jobs of the file [too-much]\n"
        "    5 |   backup:\n"
        "      | ^\n"
        "   hint: is it the right file?"
    )


def test_lists_within_lists_are_counted_together(read_file: ReadFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_subset, "MOST_IN_ALL", 10)

    reading = read_file(
        "schedules:\n  scan:\n    schedule: manual\n    params:\n      a: [[b, c], [d, e, f, g, h, i]]\n"
    )

    [problem] = reading.problems
    assert (problem.code, problem.place.line) == ("too-much", 5)


def test_presets_on_more_than_32_others_are_told(read_file: ReadFile) -> None:
    presets = "".join(f"  p{n}:\n    extends: p{n + 1}\n" for n in range(33))
    text = f"presets:\n{presets}  p33:\n    schedules:\n      scan: daily at 2 AM\n"

    reading = read_file(text)

    assert report_of(reading) == (
        'schedules.yaml:3:14: error: "p0" stands on more than 32 presets [extends-too-far]\n'
        "    3 |     extends: p1\n"
        "      |              ^^\n"
        "   hint: expected at most 32 presets that extend one another\n"
        'schedules.yaml:5:14: error: "p1" stands on more than 32 presets [extends-too-far]\n'
        "    5 |     extends: p2\n"
        "      |              ^^\n"
        "   hint: expected at most 32 presets that extend one another"
    )


def test_a_long_text_in_a_rare_form_is_refused_rather_than_waited_for(read_file: ReadFile) -> None:
    text = 'schedules:\n  scan:\n    schedule: manual\n    title: "' + "a\\\n      b" * 20_000 + '"\n'

    reading = read_file(text)

    assert report_of(reading) == (
        "schedules.yaml:4:1: error: scan: this is written in a form that is not read here [too-unusual]\n"
        '    4 |     title: "a\\\n'
        "      | ^\n"
        "   hint: write it plainly: keys and values on lines of their own, and long texts behind |"
    )


def test_of_very_many_problems_only_the_first_are_told() -> None:
    problems = Problems("schedules.yaml")
    for line in range(Problems.MOST + 500):
        problems.add("unknown-key", at=Place(line + 1, 1), message="…", hint="…")

    told = list(problems)

    assert len(told) == Problems.MOST + 1
    assert (told[-1].code, told[-1].message) == ("more-problems", "there are more than the first 20000 problems")
    assert told[-1].severity is Severity.ERROR


def test_the_table_of_codes_holds_every_code_that_is_raised_and_no_other() -> None:
    assert set(CODES) == set(_raised())
    assert set(CODES) >= WARNINGS


def test_holidays_without_the_library_that_knows_them_are_an_error(
    read_file: ReadFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "holidays.utils", None)

    reading = read_file("calendars:\n  bank: holidays of SE\nschedules:\n  scan: daily at 2 AM\n")

    assert report_of(reading) == (
        "schedules.yaml:2:21: error: public holidays need the library holidays, which is not installed"
        " [holidays-missing]\n"
        "    2 |   bank: holidays of SE\n"
        "      |                     ^^\n"
        "   hint: install it:  pip install 'aperture-plugin[holidays]'; or write the dates themselves"
    )


def test_every_code_is_read_whole_by_a_test() -> None:
    here = Path(__file__).read_text()

    assert [code for code in CODES if code not in cases() and f"[{code}]" not in here and f'"{code}"' not in here] == []


def _raised() -> Iterator[str]:
    """Yield every code in the sources of words, triggers and config."""
    calls = {"Unreadable", "Fault", "Problem", "add", "warn", "_add", "tell"}
    for room in ("words", "triggers", "config"):
        for source in sorted((PACKAGE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(source.read_text())):
                if isinstance(node, ast.Call) and _name(node) in calls:
                    first = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "code")]
                    yield from (_text(part) for part in first if _is_code(part))
                elif isinstance(node, ast.Assign | ast.Return) and isinstance(node.value, ast.Tuple):
                    # A code that is chosen first and raised later stands at the head of a row of texts.
                    yield from (_text(part) for part in node.value.elts[:1] if _is_code(part) and _text(part) in CODES)
    yield from (f"bad-{what}-name" for what in ("channel", "executor", "limit", "preset", "queue"))
    yield from (
        f"unknown-{what}" for what in ("type", "missed", "overlap", "on-failure", "interrupted", "when", "edits")
    )
    yield from (f"unknown-{what}" for what in ("queue", "limit", "calendar", "channel", "need", "after"))
    yield from ("needs-circle", "after-circle", "number-fraction")


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_code(node: ast.expr) -> bool:
    return bool(_CODE.fullmatch(_text(node)))


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_a_date_behind_an_option_says_how_it_is_written() -> None:
    with pytest.raises(Unreadable, match='"Christmas" is not a date') as refused:
        read_date("Christmas")

    assert (refused.value.code, refused.value.hint) == ("bad-date", "expected a date such as 2026-12-24")
