"""`aperture completion`: commands, options, job names and run ids for a shell to complete."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from aperture_plugin.cli.output import say

__all__ = ["command"]

_VARIABLE = "_APERTURE_COMPLETE"


@click.command("completion", epilog="Try it:  aperture completion bash")
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes a shell complete commands, options, job names and run ids.

    bash and zsh: eval "$(aperture completion bash)" in the shell's own start file; fish: aperture completion fish |
    source. Jobs and runs are those of the schedules.yaml here, or of the one that -f or APERTURE_CONFIG names.
    """
    kind = get_completion_class(shell)
    assert kind is not None, "click knows the three of them"
    completion = kind(click.get_current_context().find_root().command, {}, "aperture", _VARIABLE)
    # Not source(), which asks the bash of this machine for its version: it may be another one's.
    say((completion.source_template % completion.source_vars()).strip())
