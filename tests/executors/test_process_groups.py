"""A process group: whoever has waited for it finds nothing of it left."""

from __future__ import annotations

import subprocess
import sys
import threading

from aperture_plugin.executors.process_groups import Group


def test_when_a_group_is_gone_so_is_the_thread_that_would_have_ended_it_by_force() -> None:
    for _ in range(20):
        process = subprocess.Popen([sys.executable, "-Sc", "import signal; signal.pause()"], start_new_session=True)
        group = Group(process, "a1")
        group.terminate()

        group.wait()

        assert [thread.name for thread in threading.enumerate() if thread.name.startswith("aperture-ends")] == []
