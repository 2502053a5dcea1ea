"""Another host, as far as a program can tell: a network, process numbers and a name of its own.

The two ends of a veth pair are the network between this host and that one. A cut drops packets without a word: each
end sends to a hardware address that nobody has.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

__all__ = ["FarHost", "far_host"]

_NOBODY = "02:00:00:00:00:99"


class FarHost:
    """A host at the other end of a cable.

    Attributes:
        here: The address of this host, as that one sees it.
        name: What that host is called.
    """

    def __init__(self, space: str, subnet: int) -> None:
        self._space = space
        self._ends = {"here": f"{space}h", "there": f"{space}t"}
        self.here, self._there = (f"10.213.{subnet}.{number}" for number in (1, 2))
        self.name = f"far-{subnet}"

    def make(self) -> None:
        """Lay the cable; needs root."""
        _ip("netns", "add", self._space)
        here, there = self._ends.values()
        _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", self._space)
        for end, address in ((here, self.here), (there, self._there)):
            for words in (("addr", "add", f"{address}/30", "dev", end), ("link", "set", end, "up")):
                _ip(*self._at(end), *words)
        _ip("-n", self._space, "link", "set", "lo", "up")
        self.join()

    def remove(self) -> None:
        """Take it away; the cable goes with it."""
        subprocess.run(["ip", "netns", "delete", self._space], check=False, capture_output=True)

    def cut(self) -> None:
        """Lose every packet from here on, in both directions."""
        self._send_to({"here": _NOBODY, "there": _NOBODY})

    def join(self) -> None:
        """Let packets pass again."""
        here, there = (self._hardware(end) for end in self._ends.values())
        self._send_to({"here": there, "there": here})

    def words(self, *program: str) -> list[str]:
        """Return the command line that runs *program* there."""
        apart = ["unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
        named = ["sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        return ["ip", "netns", "exec", self._space, *apart, *named, *program]

    def _send_to(self, hardware: dict[str, str]) -> None:
        for side, address in (("here", self._there), ("there", self.here)):
            end = self._ends[side]
            words = ("neigh", "replace", address, "lladdr", hardware[side], "dev", end, "nud", "permanent")
            _ip(*self._at(end), *words)

    def _hardware(self, end: str) -> str:
        found = _ip(*self._at(end), "-o", "link", "show", end).split()
        return found[found.index("link/ether") + 1]

    def _at(self, end: str) -> tuple[str, ...]:
        return ("-n", self._space) if end == self._ends["there"] else ()


@contextmanager
def far_host() -> Iterator[FarHost]:
    """Give a host that is joined to this one; skip where there is no right to make one."""
    if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("unshare") is None:
        pytest.skip("a host of one's own needs root, ip (iproute2) and unshare")
    number = uuid4().int
    host = FarHost(f"ap{number % 0xFFFFFF:06x}", number % 251)
    try:
        host.make()
    except subprocess.CalledProcessError as error:
        host.remove()
        pytest.skip(f"no network of one's own here: {error.stderr}")
    try:
        yield host
    finally:
        host.remove()


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout
