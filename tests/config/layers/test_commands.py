"""What the file says of a command."""

from __future__ import annotations

from collections.abc import Callable

from aperture_plugin.config.model import Config, Reading


def test_the_folder_of_a_command_may_name_variables(configure: Callable[..., Config]) -> None:
    text = (
        "defaults:\n  directory: ${SRV}/jobs\nschedules:\n  scan:\n    schedule: every hour\n    command: ls\n"
        "  backup:\n    schedule: every hour\n    command: ls\n    directory: ~/$${literal}\n    background: leave\n"
    )

    config = configure(text, environ={"SRV": "/srv"})

    commands = [config.jobs[name].command for name in ("scan", "backup")]
    assert [command.directory for command in commands if command] == ["/srv/jobs", "~/${literal}"]
    assert [command.leaves_background for command in commands if command] == [False, True]


def test_a_variable_of_a_folder_that_is_not_set_is_told_at_its_place(read_file: Callable[..., Reading]) -> None:
    text = "schedules:\n  scan:\n    schedule: every hour\n    command: ls\n    directory: /srv/${GONE}\n"

    [problem] = read_file(text, starting=True).problems

    assert (problem.code, problem.place.line, problem.place.column) == ("unset-variable", 5, 21)


def test_a_background_needs_a_command(read_file: Callable[..., Reading]) -> None:
    [problem] = read_file("schedules:\n  scan:\n    schedule: every hour\n    background: leave\n").problems

    assert (problem.code, problem.message) == ("no-command", '"background" is set for a job that has no command')
