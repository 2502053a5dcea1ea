"""A file's text made into one configuration, or into everything that is wrong with it.

The way is: bytes to text (`yaml/decode`), text cut into chunks and read as nodes (`yaml/`), nodes checked against
the schema (`schema/`), layers laid over each other (`layers/`), names followed and warnings looked for (`checks/`).
Each step reports what it finds, and hands on what could be made of the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from aperture_plugin.config.checks.suppressions import silenced_of
from aperture_plugin.config.layers.assemble import configured
from aperture_plugin.config.layers.document import Document
from aperture_plugin.config.layers.entries import FileWords
from aperture_plugin.config.layers.environment import Environment
from aperture_plugin.config.layers.incremental import ReadingCache, keep_reading, kept_reading
from aperture_plugin.config.layers.job_builder import JobReader
from aperture_plugin.config.layers.presets import chains_of
from aperture_plugin.config.layers.sections import read_words
from aperture_plugin.config.layers.settings import state_of
from aperture_plugin.config.layers.zones import zone_of
from aperture_plugin.config.model import ReadContext, Reading
from aperture_plugin.config.problems import Problem, Problems
from aperture_plugin.config.schema.parsed_values import FAULTY
from aperture_plugin.config.yaml.decode import decode

__all__ = ["read"]


def read(text: str | bytes, context: ReadContext) -> Reading:
    """Read a whole file.

    Args:
        text: The file's content; bytes are UTF-8.
    Returns:
        All problems in file order, and a configuration if none of them is an error.

    >>> context = ReadContext(file="s.yaml", environ={}, local_zone=ZoneInfo("UTC"))
    >>> read("schedules:\\n  scan: hourly\\n", context).problems[-1].place
    Place(line=2, column=9, length=6)
    """
    problems = Problems(context.file)
    cache = ReadingCache(before=kept_reading(context.file))
    decoded = decode(text, problems)
    words = FileWords() if decoded is None else read_words(decoded.text, problems, cache)
    problems.silence(silenced_of(words, problems))
    document = Document(
        text="" if decoded is None else decoded.text, words=words, chains=chains_of(words.presets or {}, problems)
    )
    environment = Environment(context.environ, problems, starting=context.starting, secret_of=context.secret_of)
    state, url = state_of(words, environment, problems)
    file_zone = _zone(words, context.local_zone)
    cache.after.zones = file_zone, context.local_zone
    if cache.before.zones != cache.after.zones:
        cache.before.jobs = {}
    reader = JobReader(
        problems=problems,
        environment=environment,
        file_zone=file_zone,
        local_zone=context.local_zone,
        now=context.now,
        cache=cache,
    )
    written = "" if decoded is None else decoded.written
    config, count = configured(document, reader, context, text=written, state=state)
    if context.linting and context.now is not None and not problems.any_error:
        # Loading what looks closer takes longer than reading a small file.
        from aperture_plugin.config.checks.lint.all_lints import inspect

        inspect(config, document, reader, now=context.now, declared=context.declared)
    keep_reading(context.file, cache.after)
    found: Iterable[Problem] = problems
    if problems.any_error and any(problem.code == "moment-with-zone" for problem in problems):
        from aperture_plugin.config.checks.moment_offers import with_moments  # few files have such a moment

        found = with_moments(problems, document, file_zone=file_zone, local_zone=context.local_zone)
    return Reading(
        file=context.file,
        text=written,
        config=None if problems.any_error else config,
        problems=tuple(found),
        state=url,
        job_count=count,
        secrets=config.secrets,
    )


def _zone(words: FileWords, local_zone: ZoneInfo) -> ZoneInfo:
    parsed = words.settings.get("timezone")
    return local_zone if parsed is None or parsed.value is FAULTY else zone_of(parsed.value, local_zone)
