"""Our reading of a text held against strictyaml's, which decides what a file says."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from typing import Any

import strictyaml

from aperture_plugin.config.layers.entries import FileWords
from aperture_plugin.config.layers.incremental import ReadingCache, job_in_lines
from aperture_plugin.config.layers.sections import read_words
from aperture_plugin.config.problems import Problems
from aperture_plugin.config.schema.parsed_values import ParsedValue
from aperture_plugin.config.schema.schema import FILE, JOBS
from aperture_plugin.config.yaml.chunks import Scanner, read_piece
from aperture_plugin.config.yaml.decode import decode
from aperture_plugin.config.yaml.nodes import NOWHERE, Doubt, Mapping, Node, Scalar, YamlRefused
from aperture_plugin.config.yaml.strictyaml_fallback import scan
from aperture_plugin.config.yaml.yaml_subset import compose
from tests.config.strictyaml_schema import strict

__all__ = ["check_file", "check_forms", "check_job"]

FILE_STRICTLY = strict(FILE)


def check_file(text: str) -> None:
    """Make sure that a file we accept is one that strictyaml accepts, with equal values."""
    problems = Problems("s.yaml")
    source = decode(text, problems)
    words = FileWords() if source is None else read_words(source.text, problems, ReadingCache())
    try:
        theirs = strictyaml.dirty_load(text, FILE_STRICTLY, allow_flow_style=True).data
    except NotImplementedError:
        return  # it has lost its way among comments, and says nothing of the file
    except (strictyaml.YAMLError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
        theirs = None  # it refuses most malformed texts, and stumbles over a few

    if theirs is None:
        assert problems.any_error
    if not problems.any_error:
        assert said(words) == single(theirs)


def check_job(text: str) -> None:
    """Hold a job that is read line by line to the same job read as a whole."""
    found = job_in_lines(text)
    if found is None:
        return
    name, said_ = found
    words = read_piece(JOBS, text, 1, Scanner())
    assert (words.values, words.findings) == ({name: said_}, [])
    check_forms(text)


def check_forms(text: str) -> None:
    """Make sure that what is read of a text without strictyaml is what strictyaml reads.

    Raises:
        Refused: It refuses what we have read.
    """
    source = decode(text, Problems("s.yaml"))
    assert source is not None
    try:
        quick = tree(compose(source.text))
    except Doubt:
        return
    try:
        theirs = scan(source.text)
    except YamlRefused as refused:
        if isinstance(refused.__cause__, NotImplementedError):
            return  # it has lost its way among comments, and says nothing of the text
        raise
    assert quick == tree(theirs)


def tree(node: Node | None) -> Any:
    """Return a node as plain values with their places, but for places that cannot be told."""
    match node:
        case None:
            return None
        case Scalar():
            told = node.spot if node.inner != NOWHERE else node.spot[:2]
            return node.text, node.plain, told if node.text or not node.plain else None
        case Mapping():
            return {"flow": node.flow, "pairs": [(tree(key), tree(value)) for key, value in node.pairs]}
        case _:
            return [tree(item) for item in node.items]


def said(words: FileWords) -> Any:
    """Return all words of a file as plain values, in the shape of the file."""
    found: dict[str, Any] = {key: value(said_) for key, said_ in words.settings.items()}
    for section in ("queues", "limits"):
        if declared := getattr(words, section):
            found[section] = {name: value(said_) for name, said_ in declared.items()}
    if words.defaults is not None:
        found["defaults"] = {key: value(said_) for key, said_ in words.defaults.words.items()}
    for name, preset in (words.presets or {}).items():
        keys = {key: value(said_) for key in ("extends", "items") if (said_ := getattr(preset, key)) is not None}
        if preset.jobs:
            keys["schedules"] = jobs(preset.jobs)
        found.setdefault("presets", {})[name] = keys
    if words.schedules:
        found["schedules"] = jobs(words.schedules)
    return found


def jobs(entries: MappingOf[str, Any]) -> Any:
    return {name: {key: value(said_) for key, said_ in entry.words.items()} for name, entry in entries.items()}


def value(said_: ParsedValue) -> Any:
    """Return what is said; one value where there might be a list is that value."""
    match said_.value:
        case dict():
            return {key: value(inner) for key, inner in said_.value.items()}
        case tuple() if said_.value and isinstance(said_.value[0], ParsedValue):
            items = [value(inner) for inner in said_.value]
            return items[0] if said_.text else items
        case ():
            return []
    return said_.value


def single(theirs: Any) -> Any:
    """Return strictyaml's values with each job's phrase under `schedule`, as ours are."""
    sections = [theirs, *theirs.get("presets", {}).values()]
    for section in sections:
        for name, job in section.get("schedules", {}).items():
            words = job if isinstance(job, dict) else {"schedule": job}
            match words.get("schedule"):
                case [one]:  # A list of one schedule is that schedule.
                    words["schedule"] = one
            section["schedules"][name] = words
    return theirs
