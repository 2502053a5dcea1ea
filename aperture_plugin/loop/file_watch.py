"""A saved file is noticed within milliseconds, however it was saved; the home of watchdog.

Events say "look now"; what counts is the content. So an editor that renames, one that writes in place, a
symlink that is swapped and a network disk without events all end in the same few lines. Where no event
comes, the file is looked at all the same, every three seconds at least.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Final

from watchdog import events
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from aperture_plugin.config.problems import Problem
from aperture_plugin.files.bounded_read import Content
from aperture_plugin.loop.file_look import Look, hung_problem, internal_problem

__all__ = ["Watch", "on_the_way"]

_log = logging.getLogger("aperture")

LOOK_SECONDS: Final = 3.0
"""Interval between looks at the file beside all events: at its size and time, and at its content if they changed."""

BLIND_SECONDS: Final = 0.8
"""The same interval where no events are to be had."""

SETTLE_SECONDS: Final = 0.02
"""A file that changed is read again after so long, until two readings agree: half a file is no file."""

WRITER_SECONDS: Final = 0.3
"""A file that somebody has written to and not yet closed is given so long from the last change on."""

DOUBT_SECONDS: Final = 0.25
"""A file that is bad, or gone, is given so long to become a good one before it is refused."""

_RESTLESS: Final = 4
"""For so many looks after a change the content itself is read: a second save within the same tick of the disk's
clock changes neither size nor time."""

_MOST_LINKS: Final = 40

_MOST_HANGING: Final = 4
"""While so many looks hang, no other one begins."""

_KINDS: Final = ("Created", "Moved", "Deleted", "Modified", "Attrib", "Closed")
_TOLD_OF: Final[list[type[FileSystemEvent]]] = [
    kind
    for name in _KINDS
    for of in ("File", "Dir")
    if (kind := getattr(events, f"{of}{name}Event", None)) is not None  # what all versions of watchdog do not have
]
"""Not that a file is opened, or was read: the store is, all day, and mostly lies in the same folder."""

Read = Callable[[], Content]
Judge = Callable[[Content], tuple[bool, Sequence[Problem], Callable[[], object]]]
Refuse = Callable[[Sequence[Problem]], None]


class Watch:
    """Watches one file and hands on each new content.

    Args:
        path: The file, which may be absent for a while.
        read: Returns what is found there.
        judge: Called in a thread of its own with each new content (None for a file that is gone); returns
            whether it is good, what is wrong with it, and what brings it into force, which is called unless a later
            content has overtaken it. It may hang: later saves are taken in all the same.
        refuse: Called with what is wrong with a content that stayed bad.
        known: The content that has been judged already.
        beside: Called at each look, for what else is to be looked at now and then.
    """

    def __init__(
        self,
        path: Path,
        *,
        read: Read,
        judge: Judge,
        refuse: Refuse,
        known: Content,
        beside: Callable[[], object] = lambda: None,
    ) -> None:
        self._path = path
        self._name = os.fspath(path)
        self._read = read
        self._judge = judge
        self._refuse = refuse
        self._beside = beside
        self._when_looked: deque[Callable[[], object]] = deque()
        self._seen = _digest(known)
        self._stat: tuple[int, ...] | None = None
        self._restless = 0
        self._bell = _Bell()
        self._stopping = threading.Event()
        self._latest: Look | None = None
        self._hanging: list[Look] = []
        self._hang_is_reported = False
        self._folders = _Folders(self._bell)
        self._thread = threading.Thread(target=self._run, name="aperture-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch; what was saved since the known content was read is noticed at once."""
        self._folders.watch(on_the_way(self._path))
        self._bell.rung.set()
        self._thread.start()

    def look(self, then: Callable[[], object] | None = None) -> None:
        """Look at the file at once; callable from any thread, and from a signal handler.

        Args:
            then: Called in the watching thread when that is done.
        """
        if then is not None:
            self._when_looked.append(then)
        self._bell.rung.set()

    def stop(self) -> None:
        """Watch no more; returns when all threads have ended but those that hang in a look."""
        self._stopping.set()
        self._bell.rung.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._folders.stop()

    def _run(self) -> None:
        rung = False
        while not self._stopping.is_set():
            rung |= self._bell.rung.wait(LOOK_SECONDS if self._folders.are_heard else BLIND_SECONDS)
            self._bell.rung.clear()
            self._hanging = [look for look in self._hanging if not look.ended.is_set()]
            if self._stopping.is_set() or len(self._hanging) >= _MOST_HANGING:
                continue
            calls = [self._when_looked.popleft() for _ in range(len(self._when_looked))]
            look = Look(partial(self._look_once, rung))
            rung = False
            if look.ends_in_time(self._stopping):
                self._hang_is_reported &= bool(self._hanging)
            elif not self._stopping.is_set():
                self._hanging.append(look)
                self._tell_hanging(look)
            for call in calls:
                call()

    def _tell_hanging(self, look: Look) -> None:
        if look.has_read:
            self._seen = _digest(look.judges)  # Looked at once: a look that ends late still takes it in.
        elif self._hang_is_reported:
            return
        self._hang_is_reported = True
        self._refuse([hung_problem(self._path, look)])

    def _look_once(self, rung: bool, look: Look) -> None:
        try:
            if self._stat_changed() or rung:
                self._restless = _RESTLESS
            if self._restless:
                self._restless -= 1
                self._take_in(look)
            self._beside()
        except BaseException:  # noqa: BLE001  # watching must go on, whatever one look at the file brings
            _log.exception("looking at %s failed; it is looked at again", self._path)

    def _take_in(self, look: Look) -> None:
        """Read until two readings agree; hand the content on if it is new."""
        self._folders.watch(on_the_way(self._path))
        content = self._read()
        if _digest(content) == self._seen:
            return
        content = self._settled(content)
        if _digest(content) == self._seen:
            return
        self._latest, look.judges, look.has_read = look, content, True
        good, problems, take_in = self._judged(content)
        if self._latest is not look or self._stopping.is_set():
            return  # It hung, and a later save has been read meanwhile.
        if good:
            take_in()
        else:
            # Perhaps only for the moment between two writes.
            if self._bell.rung.wait(DOUBT_SECONDS) and not self._stopping.is_set():
                return
            if self._settled(self._read()) != content:
                self._bell.rung.set()
                return
            self._refuse(problems)
        self._seen = _digest(content)

    def _judged(self, content: Content) -> tuple[bool, Sequence[Problem], Callable[[], object]]:
        try:
            return self._judge(content)
        except Exception as error:  # noqa: BLE001  # a fault of ours refuses the file once, not at each look
            _log.exception("checking %s failed", self._path)
            return False, [internal_problem(self._path, error)], lambda: None

    def _settled(self, content: Content) -> Content:
        """Return the content once it stays as it is, and nobody is in the middle of writing it."""
        changed = time.monotonic()
        while not self._stopping.wait(SETTLE_SECONDS):
            later = self._read()
            if later != content:
                content, changed = later, time.monotonic()
            elif not self._bell.is_being_written or time.monotonic() - changed > WRITER_SECONDS:
                break
        return content

    def _stat_changed(self) -> bool:
        try:
            found = os.stat(self._name)  # noqa: PTH116  # it is asked all day, and this is the shorter way
            stat: tuple[int, ...] | None = (found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev)
        except OSError:
            stat = None
        changed, self._stat = stat != self._stat, stat
        return changed


def on_the_way(path: Path) -> dict[str, frozenset[str]]:
    """Return the folders in which something can change what is found at *path*, each with the names that matter.

    That is the folder the file lies in, and for every symlink on the way (a link to the file, a folder that is one,
    `..data` of a Kubernetes ConfigMap) the folder in which that link lies. None of the folders is a link itself.
    """
    names: defaultdict[str, set[str]] = defaultdict(set)
    absolute = path.absolute()
    here = Path(absolute.anchor)
    ahead = list(reversed(absolute.parts[1:]))
    links = 0
    while ahead:
        name = ahead.pop()
        if name == os.pardir:
            here = here.parent
            continue
        step = here / name
        if links < _MOST_LINKS and step.is_symlink():
            names[str(here)].add(name)
            links += 1
            target = step.readlink()
            if target.is_absolute():
                here = Path(target.anchor)
            ahead.extend(reversed(target.parts[1:] if target.is_absolute() else target.parts))
            continue
        if not ahead:
            names[str(here)].add(name)
        here = step
    return {folder: frozenset(wanted) for folder, wanted in names.items()}


class _Bell:
    """Rung when the file may have changed.

    Attributes:
        is_being_written: Somebody has written to it and not yet closed it, as far as events tell.
    """

    def __init__(self) -> None:
        self.rung = threading.Event()
        self.is_being_written = False


class _Folders:
    """The folders that are watched, each as the very folder it was: one that is replaced by another is watched anew."""

    def __init__(self, bell: _Bell) -> None:
        self._bell = bell
        self._observer: BaseObserver | None = None
        self._watched: dict[str, tuple[tuple[int, int], frozenset[str], ObservedWatch | None]] = {}

    def watch(self, wanted: dict[str, frozenset[str]]) -> None:
        """Watch the *wanted* folders and no others."""
        for folder in [folder for folder in self._watched if folder not in wanted]:
            self._leave(folder)
        for folder, names in wanted.items():
            try:
                found = os.stat(folder)  # noqa: PTH116  # the folder as it was named to the system
            except OSError:
                self._leave(folder)
                continue
            identity = found.st_dev, found.st_ino
            if folder in self._watched and self._watched[folder][:2] == (identity, names):
                continue
            self._leave(folder)
            self._watched[folder] = identity, names, self._enter(folder, names)

    @property
    def are_heard(self) -> bool:
        """True if the system reports changes in each of the folders."""
        return all(watch is not None for _, _, watch in self._watched.values())

    def stop(self) -> None:
        """Watch none of them any more."""
        if self._observer is None:
            return
        with _no_late_events():
            self._observer.stop()
            self._observer.join()

    def _enter(self, folder: str, names: frozenset[str]) -> ObservedWatch | None:
        try:
            if self._observer is None:
                self._observer = Observer()
                self._observer.daemon = True
                self._observer.start()
            return self._observer.schedule(_Listener(self._bell, names), folder, event_filter=_TOLD_OF)
        except OSError as error:
            # No inotify to be had (a limit, a network disk): the looks remain.
            _log.warning("%s cannot be watched (%s); the file is looked at every %g s", folder, error, BLIND_SECONDS)
            return None

    def _leave(self, folder: str) -> None:
        _, _, watch = self._watched.pop(folder, (None, None, None))
        if watch is not None and self._observer is not None:
            with _no_late_events():
                self._observer.unschedule(watch)


class _Listener(FileSystemEventHandler):
    """Rings for the names that matter; the store's own files often lie in the same folder."""

    def __init__(self, bell: _Bell, names: frozenset[str]) -> None:
        self._bell = bell
        self._names = names

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Ring if the event is about one of the names, and changed something."""
        for path in (event.src_path, event.dest_path):
            if path and Path(str(path)).name in self._names:
                self._bell.is_being_written = event.event_type == "modified" and not event.is_directory
                self._bell.rung.set()
                return


@contextmanager
def _no_late_events() -> Iterator[None]:
    """Keep out of the log that an event comes while watchdog stops: it is what stopping means, and no error."""
    inotify = logging.getLogger("watchdog.observers.inotify")
    inotify.addFilter(_is_no_late_event)
    try:
        yield
    finally:
        inotify.removeFilter(_is_no_late_event)


def _is_no_late_event(record: logging.LogRecord) -> bool:
    return "called when the thread is inactive" not in record.getMessage()


def _digest(content: Content) -> bytes | str | None:
    """Return what tells contents apart."""
    if isinstance(content, bytes):
        return blake2b(content, digest_size=16).digest()
    return None if content is None else content.reason
