"""Builds a message to people: the event, the evidence, what comes next, and where to look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aperture_plugin.ports import Notice
from aperture_plugin.words.duration_display import short_duration

__all__ = ["Evidence", "Message", "message_of"]

_MOST_SHOWN: Final = 20
_ERROR_LINES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A title and a body, secrets masked."""

    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The facts about the job of a notice when it is sent, line by line.

    Attributes:
        findings: The findings of doctor, and changes since the last good run.
        log: The last lines of the run's log.
        next_chance: The time of its next run.
        link: The page of the job.
    """

    findings: Sequence[str] = ()
    log: Sequence[str] = ()
    next_chance: str | None = None
    link: str | None = None


def message_of(
    notices: Sequence[Notice], evidence_of: Callable[[Notice], Evidence], mask: Callable[[str], str]
) -> Message:
    """Return one message for all *notices* of a channel, oldest first."""
    titles = [_title(notice) for notice in notices]
    if len(notices) == 1:
        title = titles[0]
        body = _body(notices[0], evidence_of(notices[0]))
    else:
        title = f"{len(notices)} events: {', '.join(dict.fromkeys(titles))}"
        parts = [f"{_title(one)}\n{_body(one, evidence_of(one))}" for one in notices[:_MOST_SHOWN]]
        if len(notices) > _MOST_SHOWN:
            parts.append(f"and {len(notices) - _MOST_SHOWN} more; aperture history shows them")
        body = "\n\n".join(parts)
    title = mask(title)
    return Message(title=title if len(title) <= 200 else f"{title[:198]} …", body=mask(body))


def _title(notice: Notice) -> str:
    match notice.event:
        case "failed":
            return f"{notice.job} failed"
        case "recovered":
            return f"{notice.job} has recovered"
        case "missed":
            return f"{notice.job} was missed"
        case "late":
            return f"{notice.job} is late"
        case "file refused":
            return f"{notice.facts.get('file', 'the file')} is refused"
    return str(notice.facts.get("title") or "no loop is running")


def _body(notice: Notice, evidence: Evidence) -> str:
    facts = notice.facts
    lines: list[str] = []
    if facts.get("reason"):
        lines.append(f"Reason: {facts['reason']}")
    if notice.event == "missed" and facts.get("missed"):
        lines.append(
            f"It stands for {facts['missed']} missed slots." if facts["missed"] > 1 else "One slot was missed."
        )
    if facts.get("text"):
        lines.append(facts["text"])
    lines += facts.get("problems", ())
    if facts.get("count", 0) > len(facts.get("problems", ())):
        lines.append(f"and {facts['count'] - len(facts['problems'])} more")
    if facts.get("error"):
        lines += str(facts["error"]).rstrip().split("\n")[-_ERROR_LINES:]
    if facts.get("seconds") is not None:
        from datetime import timedelta

        attempts = f", {facts['attempt']} attempts" if facts.get("attempt", 1) > 1 else ""
        lines.append(f"It ran for {short_duration(timedelta(seconds=facts['seconds']))}{attempts}.")
    lines += evidence.findings
    if evidence.log:
        lines += ["", "Last lines of its log:", *(f"  {line}" for line in evidence.log), ""]
    if evidence.next_chance:
        lines.append(f"Next run: {evidence.next_chance}")
    if notice.run_id:
        lines.append(f"aperture logs {notice.run_id} shows all of its log.")
    if evidence.link:
        lines.append(evidence.link)
    lines.append(f"{notice.at:%Y-%m-%d %H:%M} UTC, {facts.get('file', '')}, loop {facts.get('loop', '')}")
    return "\n".join(lines)
