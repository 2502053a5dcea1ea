"""A file's text made into one configuration, or into everything that is wrong with it.

The way is: bytes made text (`source`), text cut into pieces and read as nodes (`pieces`, `plain`, `scanning`),
nodes held against the schema (`walking`), layers laid over each other (`scheduling`, `jobs`, `configuring`), names
followed (`references`). Each step tells what it finds and leaves the next one what could be made of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.configuring import configured
from aperture_plugin.config.entries import FileWords
from aperture_plugin.config.environment import Environment
from aperture_plugin.config.filewords import read_words
from aperture_plugin.config.ignoring import silenced_of
from aperture_plugin.config.jobs import JobReader
from aperture_plugin.config.memory import Remembered
from aperture_plugin.config.model import Preset, Reading
from aperture_plugin.config.problems import Problems
from aperture_plugin.config.settings import state_of
from aperture_plugin.config.source import source_of
from aperture_plugin.config.walking import FAULTY
from aperture_plugin.config.zones import zone_of

__all__ = ["read"]

_REMEMBERED: Final[dict[str, Remembered]] = {}
"""What the last reading of each of the last few files left behind. It saves time and changes nothing else."""
_MOST_FILES: Final = 8


def read(
    text: str | bytes,
    *,
    file: str,
    environ: Mapping[str, str],
    known_jobs: Collection[str] | None,
    local_zone: ZoneInfo,
    library_size: Callable[[], int | None] | None = None,
    now: datetime | None = None,
    starting: bool = False,
    known_executors: Collection[str] | None = None,
    preset: str | None = None,
    kept: Preset | None = None,
    linting: bool = False,
    declared: Mapping[str, Mapping[str, int]] | None = None,
) -> Reading:
    """Read a whole file.

    Args:
        text: What stands in it; bytes are UTF-8.
        file: Its name, for problems.
        environ: Where `${NAME}` is looked up.
        known_jobs: The names that plugins, or a manifest, register; None if there are none of either at all.
        local_zone: What `timezone: local` means.
        library_size: Asked at most once, and only for `preset: auto`; None if nobody can be asked.
        now: An aware instant that `once` is held against, and the lints look ahead from; None to leave both out.
        starting: Whether the file is about to be in force, so that a variable that is not set is an error.
        known_executors: Names that `executor` may have beside the built-in ones; None if any other may be provided.
        preset: A preset of the file to be in force in place of the one that it names.
        kept: The preset that `auto` picked before; see `tier_of`.
        linting: Whether to look for what is valid and probably not meant, and to hold the file to what it expects.
            Whoever checks a file does; a loop that starts, and a command that wants the configuration, do not wait.
        declared: By job, the calls of each limit that its plugin says a run spends; for the lints.
    Returns:
        All problems in file order, and a configuration if none of them is an error.

    >>> reading = read("schedules:\\n  scan: hourly\\n", file="s.yaml", environ={}, known_jobs=None,
    ...                local_zone=ZoneInfo("UTC"))
    >>> reading.problems[-1].place
    Place(line=2, column=9, length=6)
    """
    problems = Problems(file)
    before, after = _REMEMBERED.get(file) or Remembered(), Remembered()
    source = source_of(text, problems)
    words = FileWords() if source is None else read_words(source.text, problems, before, after)
    problems.silence(silenced_of(words, problems))
    environment = Environment(environ, problems, starting=starting)
    state, url = state_of(words, environment, problems)
    after.zones = file_zone, _ = _zone(words, local_zone), local_zone
    if before.zones != after.zones:
        before.jobs = {}
    reader = JobReader(
        problems=problems,
        environment=environment,
        file_zone=file_zone,
        local_zone=local_zone,
        now=now,
        before=before,
        after=after,
    )
    written = "" if source is None else source.written
    config, count = configured(
        words,
        reader,
        text=written,
        state=state,
        library_size=library_size,
        known_jobs=known_jobs,
        known_executors=known_executors,
        instead=preset,
        kept=kept,
    )
    if linting and now is not None and not problems.any_error:
        # Loading what looks closer takes longer than reading a small file.
        from aperture_plugin.config.inspecting import inspect

        inspect(config, words, reader, now=now, declared=declared or {})
    _remember(file, after)
    return Reading(
        file=file,
        text=written,
        config=None if problems.any_error else config,
        problems=tuple(problems),
        state=url,
        job_count=count,
    )


def _remember(file: str, remembered: Remembered) -> None:
    _REMEMBERED.pop(file, None)
    _REMEMBERED[file] = remembered
    while len(_REMEMBERED) > _MOST_FILES:
        _REMEMBERED.pop(next(iter(_REMEMBERED)), None)


def _zone(words: FileWords, local_zone: ZoneInfo) -> ZoneInfo:
    said = words.settings.get("timezone")
    return local_zone if said is None or said.value is FAULTY else zone_of(said.value, local_zone)
