"""A PostgreSQL server of a test's own, to be stopped and started: the one that all tests share must not be."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

__all__ = ["Cluster", "cluster"]


@dataclass(frozen=True)
class Cluster:
    """A server that listens on a port of this machine."""

    programs: Path
    folder: Path
    port: int
    address: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@{self.address}:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses={self.address} -c fsync=off"
        self.do("pg_ctl", "-D", str(self.folder), "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self) -> None:
        """Let it go away without a word to those who are connected."""
        self.do("pg_ctl", "-D", str(self.folder), "-m", "immediate", "-w", "stop")

    def do(self, program: str, *words: str) -> None:
        # PostgreSQL refuses to run as root.
        as_another = [_runuser(), "-u", _user(), "--"] if os.geteuid() == 0 else []
        subprocess.run(
            [*as_another, str(self.programs / program), *words],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=60,
            cwd=self.folder,
        )


@contextmanager
def cluster(*, address: str = "127.0.0.1") -> Iterator[Cluster]:
    """A server that runs; stopped at the end, whatever became of it.

    Args:
        address: Where it listens; whoever reaches it is let in.
    """
    programs = _programs()
    if programs is None:
        pytest.skip("the programs of a PostgreSQL server (initdb, pg_ctl) are not installed")
    with socket.create_server((address, 0)) as free:
        port = free.getsockname()[1]
    # Not below pytest's own folder: each session of pytest that begins, in a test too, closes that to other users.
    with TemporaryDirectory(prefix="aperture-postgres-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        if os.geteuid() == 0:
            shutil.chown(folder, _user())
        server = Cluster(programs, folder, port, address)
        server.do("initdb", "-D", str(folder), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        with (folder / "pg_hba.conf").open("a") as rights:
            rights.write("host all all samenet trust\n")
        server.start()
        try:
            yield server
        finally:
            if (folder / "postmaster.pid").exists():
                server.stop()


def _runuser() -> str:
    """Return where runuser lies: not every path has the folders of the system's own programs."""
    folders = [*os.get_exec_path(), "/usr/sbin", "/sbin"]
    found = shutil.which("runuser", path=os.pathsep.join(folders))
    if found is None:
        pytest.skip("runuser is not installed, and PostgreSQL refuses to run as root")
    return found


def _programs() -> Path | None:
    """Return where initdb lies: Debian keeps it out of the path, a folder for each version."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    return max((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)


def _user() -> str:
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"
