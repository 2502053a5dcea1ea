"""Look for inputs that break what `targets` says must hold, for as long as one likes.

    pip install -e '.[fuzz]'
    python -m tests.fuzz.fuzz file -max_total_time=900

What is found is written to the current folder as `crash-…`; mended, it belongs into `tests/fuzz/corpus`, which
`test_corpus.py` replays every day. New inputs that reach further are kept in a folder of their own, named last.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["aperture_plugin"]):
    from tests.fuzz.targets import TARGETS

__all__ = ["main"]

CORPUS = Path(__file__).parent / "corpus"
WORDS = Path(__file__).parent / "words.dict"


def main(words: list[str]) -> None:
    """Fuzz the target that *words* name first; all other words go to libFuzzer."""
    if len(words) < 2 or words[1] not in TARGETS:
        sys.exit(f"usage: python -m tests.fuzz.fuzz {'|'.join(TARGETS)} [FOLDER] [-option=value …]")
    name, more = words[1], words[2:]
    folders = [word for word in more if not word.startswith("-")]
    options = [f"-dict={WORDS}", "-timeout=10", *(word for word in more if word.startswith("-"))]
    # The first folder is the one that libFuzzer adds to.
    atheris.Setup([words[0], *options, *folders, str(CORPUS / name)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
