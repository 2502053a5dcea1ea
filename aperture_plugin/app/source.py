"""From a path to a valid file, its plugins and its store."""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aperture_plugin.clock.local_zone import local_zone
from aperture_plugin.config.layers.settings import DEFAULT_STATE
from aperture_plugin.config.model import Preset, ReadContext, Reading
from aperture_plugin.config.problems import Place, Problem, Severity
from aperture_plugin.config.reader import read
from aperture_plugin.files.bounded_read import CannotRead, Content, read_bounded, shown
from aperture_plugin.files.secret_files import SecretFiles
from aperture_plugin.store.sqlite_path import file_of
from aperture_plugin.words.mask import Mask, mask_of_environment

if TYPE_CHECKING:
    from aperture_plugin.plugins.plugin_loader import Plugins
    from aperture_plugin.ports import Mailbox, Store
from aperture_plugin.words.errors import ApertureError

__all__ = ["ConfigRefused", "Source", "address_of", "store_file", "store_of"]


_log = logging.getLogger("aperture")
_OF_ADDRESSES: Final = frozenset({"unknown-state", "unset-variable", "bad-variable"})


class ConfigRefused(ApertureError):
    """The file is not valid, so nothing was started; `problems` says what is wrong and where.

    Attributes:
        problems: In file order; at least one is an error.
        text: The content of the file, so that a report can show the lines.
    """

    def __init__(self, problems: Sequence[Problem], text: str = "") -> None:
        self.problems = tuple(problems)
        self.text = text
        errors = [problem for problem in self.problems if problem.is_error]
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{first.file}:{first.place.line}:{first.place.column}: {first.message}{more}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A schedules.yaml, and whom to ask about it.

    Attributes:
        path: As the person named it; its folder is what relative paths in it start from.
        plugins: The plugins whose jobs it may name; None reads it without plugins, so that names are not checked.
        manifest: The jobs that a manifest lists, in place of plugins, each with the calls that it declares.
        preset: A preset of the file to be in force in place of the one that it names.
        kept: The preset that `auto` picked before, which it keeps while the library's size is near that one's.
    """

    path: Path
    environ: Mapping[str, str]
    plugins: Plugins | None = None
    manifest: Mapping[str, Mapping[str, int]] | None = None
    preset: str | None = None
    kept: Preset | None = None

    @property
    def directory(self) -> Path:
        """Absolute folder the file was named in (not where a symlink leads)."""
        return self.path.absolute().parent

    @property
    def name(self) -> str:
        """The file as reports name it."""
        return shown(self.path)

    def missing(self) -> FileNotFoundError:
        """Return the error for a file that is not there, which names its folder: a relative path alone does not."""
        return FileNotFoundError(errno.ENOENT, f"there is no such file in {self.directory}", str(self.path))

    def load(self, *, now: datetime, starting: bool = False, linting: bool = False) -> Reading:
        """Read the file from disk; see `read`.

        Raises:
            FileNotFoundError: It is not there.
            OSError: It cannot be read.
        """
        data = read_bounded(self.path)
        if data is None:
            raise self.missing()
        return self.read(data, now=now, starting=starting, linting=linting)

    def judge(self, content: Content, *, now: datetime, starting: bool = False) -> Reading:
        """Read what was found at the path, which may be nothing: a file that is gone is a bad file.

        Raises:
            PluginError: A plugin's `aperture_lint` raised.
        """
        if isinstance(content, bytes):
            return self.read(content, now=now, starting=starting)
        problem = _gone(self.name) if content is None else _unreadable(self.name, content)
        return Reading(file=self.name, text="", config=None, problems=(problem,), state=DEFAULT_STATE, job_count=0)

    def read(self, data: bytes, *, now: datetime, starting: bool = False, linting: bool = False) -> Reading:
        """Read *data* as the content of the file, and let the plugins find fault with it.

        Args:
            starting: A variable that is not set is an error, as it is for `start`.
            linting: True to warn of what is valid and probably not meant, as `check` does.
        Raises:
            PluginError: A plugin's `aperture_lint` raised.
        """
        try:
            reading = self._read(data, now=now, starting=starting, linting=linting)
        except Exception as error:  # whatever it is, the file is refused for it and nothing else stops
            from aperture_plugin.plugins.plugin_problems import PluginError

            if isinstance(error, PluginError):
                raise
            _log.exception("aperture itself failed while it read %s", self.name)
            problem = _failed(self.name, error, mask_of_environment(self.environ))
            return Reading(file=self.name, text="", config=None, problems=(problem,), state=None, job_count=0)
        if self.plugins is None or reading.config is None:
            return reading
        mask = mask_of_environment(self.environ, reading.secrets)
        found = self.plugins.lint(reading.config)
        return reading.with_problems(
            replace(problem, message=mask(problem.message), hint=mask(problem.hint)) for problem in found
        )

    def _read(self, data: bytes, *, now: datetime, starting: bool, linting: bool) -> Reading:
        known = self.manifest
        if self.plugins is not None and self.plugins.found:
            known = {**(known or {}), **{name: job.calls for name, job in self.plugins.jobs.items()}}
        return read(
            data,
            ReadContext(
                file=self.name,
                environ=self.environ,
                known_jobs=known,
                declared=known or {},
                local_zone=local_zone(self.environ),
                library_size=None if self.plugins is None else self.plugins.library_size,
                now=now,
                starting=starting,
                preset=self.preset,
                kept=self.kept,
                linting=linting,
                secret_of=SecretFiles(self.directory, self.environ),
            ),
        )


def store_of(source: Source, reading: Reading, *, url: str | None) -> Store:
    """Return the store that *url*, else the environment, else the file names; it is not opened yet.

    Raises:
        StoreUnavailable: Nobody can tell which store it is.
    """
    from aperture_plugin.ports import StoreUnavailable
    from aperture_plugin.store.connect import open_store  # A reader of the file alone need not load SQLAlchemy.

    chosen = address_of(source, reading, url=url)
    if chosen is None:
        # To look into another one in its place would tell that nothing has ever run.
        named = "name it by --state URL or in APERTURE_STATE"
        raise StoreUnavailable(
            f"the address under state in {source.name} cannot be read ({_why_no_address(reading)}); {named}"
        )
    return open_store(chosen, directory=source.directory)


def address_of(source: Source, reading: Reading, *, url: str | None) -> str | None:
    """Return the URL of the store: *url*, else the environment's, else the file's; None where that is not legible."""
    return url or source.environ.get("APERTURE_STATE") or reading.state


def store_file(source: Source, reading: Reading, *, url: str | None) -> Path | None:
    """Return the file that the store lies in, whether it is there or not; None for a store that is no file."""
    address = address_of(source, reading, url=url)
    return None if address is None else file_of(address, directory=source.directory)


def mailbox_of(store: Store) -> Mailbox:
    """Return the part of *store* through which workers elsewhere are given attempts.

    Raises:
        StoreRefused: It is a store of a kind that has none.
    """
    from aperture_plugin.ports import StoreRefused
    from aperture_plugin.store.sql_store import SqlStore

    if not isinstance(store, SqlStore):
        raise StoreRefused(f"{store.url}: workers elsewhere need a store that they can reach")
    return store.mailbox()


def _why_no_address(reading: Reading) -> str:
    for problem in reading.problems:
        if problem.code in _OF_ADDRESSES and problem.job is None:
            return f"{problem.file}:{problem.place.line}:{problem.place.column}: {problem.message}"
    return "aperture check says why"


def _gone(file: str) -> Problem:
    hint = "put it back; aperture show --generations lists the last good ones, and --generation prints one"
    return _of_whole_file("file-gone", f"{file} is not there", hint, file)


def _unreadable(file: str, found: CannotRead) -> Problem:
    hint = "let the user that aperture runs as read it, and let it be a file"
    return _of_whole_file("file-unreadable", f"{file} cannot be read: {found.reason}", hint, file)


def _failed(file: str, error: Exception, mask: Mask) -> Problem:
    message = mask(f"aperture itself failed while it read the file: {type(error).__name__}: {error}")
    hint = "the file may be right; write differently what changed last, and report the traceback in the log"
    return _of_whole_file("internal-error", " ".join(message.split()), hint, file)


def _of_whole_file(code: str, message: str, hint: str, file: str) -> Problem:
    return Problem(severity=Severity.ERROR, code=code, message=message, hint=hint, file=file, place=Place(1, 1))
