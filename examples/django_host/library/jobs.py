"""The jobs of the library, and the scheduler that runs them."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from django.db import close_old_connections
from django.db.models import F

from aperture_plugin import Aperture, Job, LiveRun, Outcome, hookimpl

from .models import Loan
from .settings import HERE

__all__ = ["aperture"]


class Loans:
    """The host's plugin."""

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        """Offer the jobs; schedules.yaml says when they run."""
        yield Job("remind", self.remind, title="Remind")
        yield Job("new-day", self.new_day, title="New day")

    @hookimpl(wrapper=True)
    def aperture_run_job(self) -> Generator[None, Outcome, Outcome]:
        """Treat the database connection of the worker's thread as Django does around every request."""
        close_old_connections()
        try:
            return (yield)
        finally:
            close_old_connections()

    def remind(self, run: LiveRun) -> dict[str, int]:
        """Mark every loan that ends within a few days."""
        due = Loan.objects.filter(days_left__lte=int(run.params.get("days before", 3)), reminded=False)
        for loan in run.track(list(due)):
            run.log.info("%s is to bring %s back", loan.reader, loan.book)
        return {"reminded": due.update(reminded=True)}

    def new_day(self) -> None:
        """Take a day off every loan."""
        Loan.objects.update(days_left=F("days_left") - 1)


aperture = Aperture(HERE / "schedules.yaml", plugins=[Loans()])
