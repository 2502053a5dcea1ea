"""Channels that are notified, and addresses that are requested: also the page's address, and the loop's own ping."""

from __future__ import annotations

from collections.abc import Iterator

from aperture_plugin.config.layers.entries import FileWords, place_of
from aperture_plugin.config.layers.environment import Environment
from aperture_plugin.config.model import Channel, NotifyEvent, Page, Streak
from aperture_plugin.config.problems import Problems
from aperture_plugin.config.schema.parsed_values import FAULTY, ParsedValue
from aperture_plugin.words.parse_error import quoted

__all__ = ["channels_of", "loop_ping_of", "page_of"]


def channels_of(words: FileWords, environment: Environment, problems: Problems) -> dict[str, Channel]:
    """Return the channels that the file declares, by name; one without an address is a problem."""
    found: dict[str, Channel] = {}
    for name, parsed in (words.channels or {}).items():
        if parsed.value is FAULTY:
            continue
        keys: dict[str, ParsedValue] = {key: one for key, one in parsed.value.items() if one.value is not FAULTY}
        if "to" not in parsed.value:
            problems.add(
                "no-address",
                at=place_of(parsed.key, 0),
                message=f"the channel {quoted(name)} has no address",
                hint="write  to: mailtos://user:${SMTP_PASSWORD}@example.org  or any other address of Apprise's",
            )
        found[name] = Channel(
            name=name,
            to=tuple(_filled(keys.get("to"), environment)),
            when=frozenset(map(NotifyEvent, _each(keys.get("when")))) or frozenset(NotifyEvent),
            after=keys["after"].value if "after" in keys else Streak(),
            quiet=keys["quiet"].value if "quiet" in keys else None,
        )
    return found


def page_of(words: FileWords) -> Page:
    """Return what the file says of the page."""
    keys = {key: one for key, one in words.page.items() if one.value is not FAULTY}
    return Page(
        url=keys["url"].value if "url" in keys else None,
        hosts=tuple(_each(keys.get("hosts"))),
        writes_file="edits" not in keys or keys["edits"].value == "file",
    )


def loop_ping_of(words: FileWords, environment: Environment) -> str | None:
    """Return the address that the loop requests while it ticks, its variables filled in; None for none."""
    parsed = words.settings.get("ping")
    if parsed is None or parsed.value is FAULTY:
        return None
    return environment.filled(parsed, 0) or parsed.text


def _each(parsed: ParsedValue | None) -> Iterator[str]:
    if parsed is not None:
        yield from (one.value for one in parsed.value if one.value is not FAULTY)


def _filled(parsed: ParsedValue | None, environment: Environment) -> Iterator[str]:
    if parsed is not None:
        yield from (environment.filled(one, 0) or one.text for one in parsed.value if one.value is not FAULTY)
