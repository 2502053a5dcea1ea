"""A host's plugin, as in the host's own package: a weekly newsletter."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aperture_plugin import Job, LiveRun, hookimpl

__all__ = ["Newsletter"]


class Newsletter:
    """Collects stories every morning and sends them once a week.

    Args:
        find_stories: Returns the stories of a day; may raise when their source is down.
        send: Sends a letter.
    """

    def __init__(self, find_stories: Callable[[], list[str]], send: Callable[[str], None]) -> None:
        self.find_stories = find_stories
        self.send = send
        self.stories: list[str] = []

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        """Offer the jobs; schedules.yaml says when they run."""
        yield Job("collect", self.collect, title="Collect stories")
        yield Job("send", self.send_letter, title="Send the newsletter")

    def collect(self, run: LiveRun) -> dict[str, int]:
        """Add the stories of the day."""
        found = self.find_stories()
        self.stories.extend(run.track(found))
        return {"stories": len(found)}

    def send_letter(self) -> dict[str, int]:
        """Send the collected stories, and start a new collection."""
        self.send("\n".join(self.stories))
        sent, self.stories = len(self.stories), []
        return {"stories": sent}
