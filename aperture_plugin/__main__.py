"""`python -m aperture_plugin`: the command line where its script is not on the path."""

from __future__ import annotations

from aperture_plugin.cli import main

main()
