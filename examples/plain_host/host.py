"""A plain Python program that keeps a folder of notes in order.

It has a life of its own (here: waiting to be stopped) while its jobs run in the background.
"""

from __future__ import annotations

import json
import signal
import threading
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from aperture_plugin import Aperture, Job, LiveRun, Run, hookimpl

__all__ = ["Notes", "main"]

HERE = Path(__file__).parent


class Notes:
    """The host's plugin: its jobs, and the lines that it prints when they end.

    Args:
        folder: Where the notes are, as `*.md`.
        output: Where the index and the archives go; made when it is first needed.
    """

    def __init__(self, folder: Path, output: Path) -> None:
        self.folder = folder
        self.output = output

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        """Offer two jobs; schedules.yaml says when they run."""
        yield Job("index", self.index, title="Index", description="Counts the words of every note.")
        yield Job("archive", self.archive, title="Archive", description="Packs the notes of the day into one file.")

    @hookimpl
    def aperture_run_changed(self, run: Run) -> None:
        """Print a line when a run has ended."""
        if run.finished_at is not None:
            print(f"{run.job} {run.status}: {run.reason or json.dumps(run.result)}", flush=True)

    def index(self, run: LiveRun) -> dict[str, int]:
        """Write index.json, a count of words for each note."""
        words: dict[str, int] = {}
        for note in run.track(sorted(self.folder.glob("*.md"))):
            words[note.stem] = len(note.read_text(encoding="utf-8").split())
            run.log.info("%s has %d words", note.name, words[note.stem])
        self.output.mkdir(exist_ok=True)
        (self.output / "index.json").write_text(json.dumps(words, indent=2), encoding="utf-8")
        return {"notes": len(words), "words": sum(words.values())}

    def archive(self, run: LiveRun) -> dict[str, int]:
        """Pack all notes into a file named for the day of the slot, which is not always today."""
        day = f"{run.nominal:%Y-%m-%d}" if run.nominal else "by-hand"
        notes = sorted(self.folder.glob("*.md"))
        self.output.mkdir(exist_ok=True)
        with zipfile.ZipFile(self.output / f"notes-{day}.zip", "w") as archive:
            for note in run.track(notes):
                archive.write(note, note.name)
        return {"notes": len(notes)}


def main() -> None:
    """Run the jobs until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Both stop it in the same way.
    notes = Notes(HERE / "notes", HERE / "output")
    with suppress(KeyboardInterrupt), Aperture(HERE / "schedules.yaml", plugins=[notes]) as aperture:
        print(f"{len(aperture.config.jobs)} jobs are scheduled; Ctrl-C stops", flush=True)
        threading.Event().wait()  # A real host does its own work here.
    print("stopped", flush=True)


if __name__ == "__main__":
    main()
