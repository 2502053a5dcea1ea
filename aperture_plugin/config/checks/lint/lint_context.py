"""The context that every lint works on, and to which it reports its warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from aperture_plugin.config.layers.document import Document, JobLayers
from aperture_plugin.config.layers.entries import FileWords, JobWords, LayerValue
from aperture_plugin.config.layers.job_builder import laid
from aperture_plugin.config.layers.schedule_builder import parts_of
from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import Schedule

__all__ = ["LintContext"]


@dataclass(frozen=True, kw_only=True)
class LintContext:
    """A valid file under the eyes of the lints.

    Attributes:
        document: The words of the file, for places.
        now: Aware; what lies ahead is counted from here.
        declared: By job, the calls of each limit that its plugin says a run spends.
    """

    config: Config
    document: Document
    problems: Problems
    now: datetime
    declared: Mapping[str, Mapping[str, int]]

    @property
    def words(self) -> FileWords:
        """The words of the file, section by section."""
        return self.document.words

    @cached_property
    def scheduled(self) -> tuple[JobConfig, ...]:
        """The enabled jobs, in file order."""
        return tuple(job for job in self.config.jobs.values() if job.enabled)

    def warn(self, code: str, at: Place, message: str, hint: str, job: str | None = None) -> None:
        """Report a warning, unless the file silences it."""
        self.problems.warn(code, at=at, message=message, hint=hint, job=job)

    def entries(self, job: str) -> list[JobWords]:
        """Return what each layer says of *job*, from the lowest to the highest."""
        return self._layers.get(job, [])

    def schedule(self, job: JobConfig, *keys: str) -> LayerValue | None:
        """Return what says the schedule of *job*: a phrase, else the first of *keys* that is there, else its type."""
        parts = parts_of(self.entries(job.name), Problems(""))
        return next((parts[key] for key in ("schedule", *keys, "type") if key in parts), None)

    def schedule_place(self, job: JobConfig, *keys: str) -> Place:
        """Return the place of the schedule of *job*: see `schedule`."""
        chosen = self.schedule(job, *keys)
        return job.place if chosen is None else chosen.place

    def line(self, job: JobConfig, instead: Schedule, beside: str | None) -> str:
        """Return the line that says the schedule *instead*, as this job could have it.

        Args:
            beside: The line that is enough where the schedule is written as keys; None to replace them by a phrase.
        """
        chosen = self.schedule(job)
        phrase = phrase_of(instead)
        phrase = phrase[0].lower() + phrase[1:]
        if chosen is None or isinstance(chosen.parsed.value, str):
            return beside or f"schedule: {phrase}"
        key = job.name if chosen.parsed.key == chosen.entry.spot else "schedule"
        return f"{key}: {phrase}"

    def beside(self, job: JobConfig, key: str) -> LayerValue | None:
        """Return what says *key*, one beside the schedule, of *job*; None if the file does not."""
        return laid(self.entries(job.name)).get(key)

    @cached_property
    def _layers(self) -> JobLayers:
        return self.document.layers(self.config.preset)
