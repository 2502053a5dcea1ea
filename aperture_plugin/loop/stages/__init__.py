"""The stages of a tick, in the order in which `loop/loop.py` takes them."""
