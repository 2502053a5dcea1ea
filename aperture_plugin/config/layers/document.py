"""A whole file as one value: its text, its words, what each preset is made of, and the layers of each job.

The reader makes one of a saved text. Code that asks later where a value stands, or how it could be written
otherwise, makes one of the configuration's own text; a loop keeps none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aperture_plugin.config.layers.entries import FileWords, JobWords, PresetWords
from aperture_plugin.config.layers.incremental import ReadingCache
from aperture_plugin.config.layers.presets import chains_of
from aperture_plugin.config.layers.sections import read_words
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problems
from aperture_plugin.config.yaml.decode import decode

__all__ = ["Document", "JobLayers", "document_of"]

JobLayers = dict[str, list[JobWords]]
"""By job, its words in each layer that has some, from the lowest to the highest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The words of a file, before its layers are laid over each other.

    Attributes:
        text: LF as the only line end, without a byte order mark; all places count in it.
        words: The words, section by section.
        chains: For each preset those it is made of, from the one that extends nothing to itself.
    """

    text: str
    words: FileWords
    chains: Mapping[str, tuple[PresetWords, ...]]

    def layers(self, preset: str | None) -> JobLayers:
        """Return the layers of all jobs with *preset* in force: its jobs first, then those of `schedules` alone."""
        return self.layers_over(self.chains.get(preset or "", ()), self.words.schedules)

    def layers_over(self, chain: Iterable[PresetWords], also: Iterable[str] = ()) -> JobLayers:
        """Return the layers of each job of a preset's *chain*, and of the jobs of `schedules` that *also* names."""
        words = self.words
        lowest = [] if words.defaults is None else [words.defaults]
        stacks: JobLayers = {}
        for preset in chain:
            for name, entry in preset.jobs.items():
                if name in stacks:
                    stacks[name].append(entry)
                else:
                    stacks[name] = [*lowest, entry]
        in_presets = [name for name in stacks if name in words.schedules]
        for name in in_presets:
            stacks[name].append(words.schedules[name])
        for name in also:
            if name not in stacks:
                stacks[name] = [*lowest, words.schedules[name]]
        return stacks


def document_of(config: Config) -> Document:
    """Return the document of a valid file, read again from the text that *config* has; nothing is cached."""
    ignored = Problems(config.file)  # The file is valid: there are only warnings, and they are known.
    decoded = decode(config.text, ignored)
    assert decoded is not None, "a valid file can be decoded"
    words = read_words(decoded.text, ignored, ReadingCache())
    return Document(text=decoded.text, words=words, chains=chains_of(words.presets or {}, ignored))
