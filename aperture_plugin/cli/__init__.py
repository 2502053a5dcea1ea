"""The command `aperture`: a table of names, each loaded when it is typed.

So `aperture --help` and a misspelled command cost what click costs and no more. The thinking is in `app`, where
a host can call it too; a command parses, calls one function, shows what came of it and chooses the exit code
(DESIGN.md, section 5): 0 fine, 1 the answer is no, 2 wrong usage, an unknown job or a file that is not there.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from aperture_plugin import __version__
from aperture_plugin.cli.signals import end_cleanly_before_start

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS: Final = {
    "Begin": {
        "init": "Write a commented schedules.yaml and a hooks/ example.",
        "check": "Validate a schedules.yaml: all problems at once.",
        "start": "Run the loop in the foreground.",
        "web": "Serve the page and the API, without a loop.",
        "worker": "Call the handlers of a loop elsewhere: a Celery worker, for a file that says executor: celery.",
    },
    "Look": {
        "status": "Show what runs, what waits and why, and what comes next.",
        "next": "Show the slots that come up, in the order they will run.",
        "plan": "Rehearse the coming days: waits, collisions, when chains are ready.",
        "diff": "Show what a change does: to run times, run counts, load and collisions.",
        "history": "Show past runs, newest first.",
        "logs": "Show a run's log.",
        "audit": "Account for every slot that was due.",
        "doctor": "Find out why a job did not run, runs long, or fails often.",
        "show": "Show the configuration in force, value by value.",
        "preset": "List presets, what each changes, and which one auto picks.",
    },
    "Act": {
        "run": "Run a job now, or queue it behind what runs.",
        "backfill": "Run past slots of a job again.",
        "cancel": "Stop runs of jobs, or take them out of their queue.",
        "notify": "Send a test message to a channel now, and say what the receiver answered.",
        "pause": "Hold the slots of jobs back.",
        "resume": "Lift the pauses of jobs.",
    },
    "For tools": {
        "import": "Make a schedules.yaml of a crontab, yacron's files or systemd's timers.",
        "manifest": "Print what the plugins register, as JSON.",
        "schema": "Print the JSON Schema of the file, for editors.",
        "completion": "Print what makes a shell complete commands, options, job names and run ids.",
    },
}
"""Every command by what a person wants of it, with the line that `aperture --help` shows."""

_OBJECTS_A_COLLECTION: Final = 50_000

_EPILOG: Final = "Try it:  aperture init && aperture start"


class _Commands(click.Group):
    """Loads a command when it is typed, and turns every way it can end into an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's own signature
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command named first; exits with 2, and with the nearest name, where there is none."""
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx):
            from aperture_plugin.words.did_you_mean import did_you_mean

            ctx.fail(f'there is no command "{name}"{did_you_mean(name, self.list_commands(ctx))}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.list_commands(ctx)))
        for title, section in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), line) for name, line in section.items()])

    def main(  # type: ignore[override]  # It always leaves by exiting; what click offers beside that is not ours.
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run the command line *args* (None for `sys.argv`), and exit with its code, whatever it raises."""
        from aperture_plugin.cli.exit_codes import exit_code_of
        from aperture_plugin.cli.standard_streams import prepare_streams

        extra["standalone_mode"] = False
        prepare_streams()
        sys.exit(exit_code_of(lambda: super(_Commands, self).main(args, prog_name or "aperture", **extra)))


@click.group(
    cls=_Commands,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)
@click.option(
    "-f",
    "--file",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The schedules.yaml; works behind the command too.  [default: $APERTURE_CONFIG, else schedules.yaml]",
)
@click.version_option(__version__, prog_name="aperture", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, file: Path | None) -> None:
    """Run the jobs of a schedules.yaml, and see what they do."""
    context.obj = file


def main() -> NoReturn:
    """Run the command line; the entry point of the distribution."""
    # The process is ours alone. A file of 10,000 jobs is 10 collections instead of 1,000, all of them in vain, and what
    # is left at the end goes with the process: looking through it once more takes a fifth of what a small file takes.
    gc.set_threshold(_OBJECTS_A_COLLECTION)
    if "start" in sys.argv:
        end_cleanly_before_start()  # What it needs takes some tenths of a second to load.
    try:
        cli.main()
    finally:
        gc.freeze()
