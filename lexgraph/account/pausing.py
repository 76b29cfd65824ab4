"""Pauses Python's collector of cycles, which would walk a growing tree of values again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_MANY = 100_000


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the cyclic collector, which would walk a growing tree of JSON again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            if gc.get_count()[0] > _MANY and gc.get_freeze_count() == 0:
                # So much was made in order to stay: it joins the oldest generation without being walked through.
                gc.freeze()
                gc.unfreeze()
            gc.enable()
