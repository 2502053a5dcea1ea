"""A saved file is noticed within milliseconds, however it was saved; the home of watchdog.

Events say "look now"; what counts is the content. So an editor that renames, one that writes in place, a
symlink that is swapped and a network disk without events all end in the same few lines. Where no event
comes, the file is looked at every two seconds.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from aperture_plugin.config.problems import Problem

__all__ = ["Watch"]

_log = logging.getLogger("aperture")

LOOK_SECONDS: Final = 2.0
"""How often the file is looked at where no event comes."""

SETTLE_SECONDS: Final = 0.03
"""A file that changed is read again after so long, until two readings agree: half a file is no file."""

DOUBT_SECONDS: Final = 0.25
"""A file that is bad, or gone, is given so long to become a good one before it is refused."""

Read = Callable[[], bytes | None]
Judge = Callable[[bytes | None], tuple[bool, Sequence[Problem]]]
Refuse = Callable[[Sequence[Problem]], None]


class Watch:
    """Watches one file and hands on each new content.

    Args:
        path: The file, which may be absent for a while.
        read: Returns its bytes; None when it is not there.
        judge: Called in the watching thread with each new content (None for a file that is gone); says
            whether it is good, and what is wrong with it.
        refuse: Called in the watching thread with what is wrong with a content that stayed bad.
        known: The content that is in force already.
    """

    def __init__(self, path: Path, *, read: Read, judge: Judge, refuse: Refuse, known: bytes) -> None:
        self._path = path
        self._read = read
        self._judge = judge
        self._refuse = refuse
        self._seen: bytes | None = _digest(known)
        self._stat: tuple[int, ...] | None = None
        self._look = threading.Event()
        self._stopping = threading.Event()
        self._observer: BaseObserver | None = None
        self._watched: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="aperture-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._watch_folders()
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; returns when both threads have ended."""
        self._stopping.set()
        self._look.set()
        self._thread.join()
        if self._observer is not None:
            # An event that comes while it stops is logged as an error of its own; it is what stopping means.
            inotify = logging.getLogger("watchdog.observers.inotify")
            inotify.addFilter(_is_no_late_event)
            self._observer.stop()
            self._observer.join()
            inotify.removeFilter(_is_no_late_event)

    def _run(self) -> None:
        while not self._stopping.is_set():
            told = self._look.wait(LOOK_SECONDS)
            self._look.clear()
            if self._stopping.is_set():
                return
            try:
                if told or self._stat_changed():
                    self._take_in()
            except Exception:  # noqa: BLE001  # watching must go on, whatever one look at the file brings
                _log.exception("looking at %s failed; it is looked at again", self._path)

    def _take_in(self) -> None:
        """Read until two readings agree; hand the content on if it is new."""
        content = self._settled()
        if _digest(content) == self._seen:
            return
        self._watch_folders()
        good, problems = self._judge(content)
        if not good:
            # Perhaps only for the moment between two writes.
            if self._look.wait(DOUBT_SECONDS) and not self._stopping.is_set():
                return
            if self._settled() != content:
                self._look.set()
                return
            self._refuse(problems)
        self._seen = _digest(content)

    def _settled(self) -> bytes | None:
        content = self._read()
        while not self._stopping.wait(SETTLE_SECONDS):
            later = self._read()
            if later == content:
                break
            content = later
        self._stat_changed()
        return content

    def _stat_changed(self) -> bool:
        try:
            found = self._path.stat()
            stat: tuple[int, ...] | None = (found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev)
        except OSError:
            stat = None
        changed, self._stat = stat != self._stat, stat
        return changed

    def _watch_folders(self) -> None:
        """Watch the folder the file was named in, and every folder a symlink on the way leads to."""
        names: dict[str, set[str]] = {}
        path = self._path.absolute()
        for _ in range(16):
            names.setdefault(str(path.parent), set()).add(path.name)
            # A folder on the way may be a link itself, as in a Kubernetes ConfigMap: ..data is swapped.
            if not path.is_symlink():
                break
            target = path.parent / path.readlink()
            if target.is_relative_to(path.parent):
                names[str(path.parent)].add(target.relative_to(path.parent).parts[0])
            path = target
        for folder, wanted in names.items():
            if folder in self._watched:
                continue
            try:
                if self._observer is None:
                    self._observer = Observer()
                    self._observer.daemon = True
                    self._observer.start()
                self._observer.schedule(_Bell(self._look, frozenset(wanted)), folder)
                self._watched.add(folder)
            except OSError as error:
                # No inotify to be had (a limit, a network disk): the look every two seconds remains.
                _log.warning("%s cannot be watched (%s); the file is looked at every 2 seconds", folder, error)


class _Bell(FileSystemEventHandler):
    """Rings for the names that matter; the store's own files often lie in the same folder."""

    def __init__(self, look: threading.Event, names: frozenset[str]) -> None:
        self._look = look
        self._names = names

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Ring if the event is about one of the names, and changed something."""
        if event.event_type in {"opened", "closed_no_write"}:
            return
        for path in (event.src_path, event.dest_path):
            if path and Path(str(path)).name in self._names:
                self._look.set()
                return


def _is_no_late_event(record: logging.LogRecord) -> bool:
    return "called when the thread is inactive" not in record.getMessage()


def _digest(content: bytes | None) -> bytes | None:
    return None if content is None else blake2b(content, digest_size=16).digest()
