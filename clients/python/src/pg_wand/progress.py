"""How far a long run is: tqdm's bar where it is installed, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
SECONDS = 5.0


def track(items: Iterable[T], what: str) -> Iterator[T]:
    """Gives the items and shows on standard error how many there were."""
    try:
        from tqdm import tqdm
    except ImportError:
        return _plain(items, what)
    return iter(tqdm(items, desc=what, unit=" documents", unit_scale=True, mininterval=0.5))


def _plain(items: Iterable[T], what: str) -> Iterator[T]:
    count, begin = 0, time.monotonic()
    due = begin + SECONDS
    for item in items:
        yield item
        count += 1
        if time.monotonic() >= due:
            _say(what, count, begin)
            due += SECONDS
    _say(what, count, begin)


def _say(what: str, count: int, begin: float) -> None:
    print(f"{what}: {count} documents, {time.monotonic() - begin:.0f} s", file=sys.stderr)
