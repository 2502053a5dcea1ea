"""The options of the page, read alike by `start` and `web`; and the page as both of them serve it."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from aperture_plugin.cli.exit_codes import CommandRefused, WrongUsage
from aperture_plugin.cli.output import say
from aperture_plugin.files.bounded_read import read_bounded, shown

if TYPE_CHECKING:
    from aperture_plugin.app.aperture import Aperture
    from aperture_plugin.web.http_server import HttpServer

__all__ = ["DEFAULT_ADDRESS", "DEFAULT_METRICS", "AddressCommand", "WebOptions", "served", "web_options"]

DEFAULT_ADDRESS: Final = "127.0.0.1:8642"
DEFAULT_METRICS: Final = "127.0.0.1:8643"
_ADDRESS: Final = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+):)?(?P<port>[0-9]{1,5})")
_LARGEST_TOKEN: Final = 4096
_Command = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """The options of the page.

    Attributes:
        token: The token that callers have to present; None for none.
        hosts: Names in Host headers that are answered beside the address.
        read_only: True if nothing can be changed.
    """

    token: str | None
    hosts: tuple[str, ...]
    read_only: bool


class AddressCommand(click.Command):
    """A command with options whose HOST:PORT may be left out: what follows one and is no address is FILE."""

    optional: Sequence[str] = ("--web", "--metrics")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse *args* with the addresses that were left out filled in."""
        filled = list(args)
        for place, word in enumerate(args):
            if word == "--":
                break
            if word in self.optional:
                after = args[place + 1] if place + 1 < len(args) else ""
                if not _ADDRESS.fullmatch(after):
                    filled[place] = f"{word}="
        return super().parse_args(ctx, filled)


def web_options(command: _Command) -> _Command:
    """Give *command* its `web: WebOptions`."""

    @click.option(
        "--web-token-file",
        "token_file",
        metavar="PATH",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A file with the token that callers present; needed off loopback.  [default: $APERTURE_WEB_TOKEN]",
    )
    @click.option(
        "--web-host", "hosts", metavar="NAME", multiple=True, help="A further Host that is answered; may be repeated."
    )
    @click.option("--web-read-only", "read_only", is_flag=True, help="Allow no changes on the page.")
    @wraps(command)
    def with_web(*, token_file: Path | None, hosts: tuple[str, ...], read_only: bool, **rest: Any) -> Any:
        names = tuple(_host_name(host) for host in hosts)
        return command(web=WebOptions(token=_token(token_file), hosts=names, read_only=read_only), **rest)

    return with_web


def _host_name(text: str) -> str:
    from aperture_plugin.config.schema.value_parsers import read_host_name
    from aperture_plugin.words.parse_error import Unreadable

    try:
        return read_host_name(text)
    except Unreadable as problem:
        raise WrongUsage(f"--web-host: {problem.message}", hint=problem.hint) from None


@contextmanager
def served(
    aperture: Aperture, text: str, web: WebOptions, *, option: str = "--web", metrics_only: bool = False
) -> Iterator[HttpServer]:
    """Listen at the address *text*, empty for the default, and return the server of the page, not yet started.

    Exits with 2 where the address is none, or the page would be open to everybody; with 1 where it cannot be had.
    """
    host, port = address_of(option, text or (DEFAULT_METRICS if metrics_only else DEFAULT_ADDRESS))
    if web.token is None and not _is_loopback(host):
        raise WrongUsage(
            f"{host} can be reached from other machines, and no token is set",
            hint="name a file with one by --web-token-file, set APERTURE_WEB_TOKEN, or listen at 127.0.0.1",
        )
    try:
        from aperture_plugin.web import app
        from aperture_plugin.web.http_server import HttpServer, listening

        made = app(aperture, token=web.token, hosts=web.hosts, read_only=web.read_only, metrics_only=metrics_only)
    except ModuleNotFoundError as missing:
        raise CommandRefused(
            f"the page needs {missing.name}, which is not installed", hint='pip install "aperture-plugin[web]"'
        ) from None
    try:
        found = listening(host, port)
    except OSError as error:
        raise CommandRefused(f"cannot listen at {host}:{port}: {error.strerror or error}") from None
    server = HttpServer(made, found, "the metrics are" if metrics_only else "the page is")
    try:
        yield server
    finally:
        made.close()
        server.stop()


def address_of(option: str, text: str) -> tuple[str, int]:
    """Return the host and the port that *text* names: `HOST:PORT`, or a port alone on loopback."""
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65_535:
        raise WrongUsage(f'{option}: "{text}" is no address', hint="write HOST:PORT, such as 127.0.0.1:8642")
    return (found["host"] or "127.0.0.1").strip("[]"), int(found["port"])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(file: Path | None) -> str | None:
    if file is None:
        text, where = os.environ.get("APERTURE_WEB_TOKEN"), "APERTURE_WEB_TOKEN"
        if text is None:
            return None
    else:
        where = shown(file)
        try:
            text = (read_bounded(file) or b"").decode()
            is_open = bool(file.stat().st_mode & stat.S_IROTH)
        except OSError as error:
            raise WrongUsage(f"{where} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise WrongUsage(f"{where} is no text") from None
        if is_open:
            say(f"warning: every user of this machine may read the token in {where}:  chmod 600 {where}", err=True)
    token = text.strip()
    if not token or len(token) > _LARGEST_TOKEN or not token.isascii() or not token.isprintable():
        raise WrongUsage(
            f"{where} holds no token", hint="one line of letters and digits; openssl rand -hex 24 makes one"
        )
    return token
