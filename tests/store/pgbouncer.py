"""A real pgbouncer in transaction mode, in front of the PostgreSQL that all tests share."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy.engine import make_url

SECONDS = 30.0


class PgBouncer:
    """Stands between a store and its server.

    Attributes:
        url: The store, through it.
    """

    def __init__(self, url: str, folder: Path) -> None:
        found = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
        if found is None:
            pytest.skip("pgbouncer is not installed")
        self._program = found
        self._folder = folder
        server = make_url(url)
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self._port: int = free.getsockname()[1]
        self.url = server.set(host="127.0.0.1", port=self._port).render_as_string(hide_password=False)
        folder.chmod(0o755)
        (folder / "users").write_text(f'"{server.username or "postgres"}" ""\n')
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={server.host or '127.0.0.1'} port={server.port or 5432}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self._port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {folder}/users\npool_mode = transaction\ndefault_pool_size = 4\n"
            f"max_client_conn = 100\nserver_check_delay = 1\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, and wait until it answers."""
        words = [self._program, str(self._folder / "pgbouncer.ini")]
        if os.getuid() == 0:
            words = [self._program, "-u", "nobody", str(self._folder / "pgbouncer.ini")]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                assert time.monotonic() < until, "pgbouncer does not answer"
                time.sleep(0.02)
            else:
                return self

    def freeze(self) -> None:
        """Let it answer nothing any more, while the system still acknowledges what is sent to it."""
        assert self._process is not None, "it runs"
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        assert self._process is not None, "it runs"
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
