"""Times as senders write them, as a `Moment`: an instant, or the span that a partial date may mean. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from pathways.facts import Moment
from patients import spans

LONG_FRACTION = re.compile(r"(\d{14})\d+")
"""Some senders write hundredths without the point: 2004062916460000."""

DATE_WITH_OFFSET = re.compile(r"(\d{6}|\d{8}|\d{4}-\d\d-\d\d)([+-]\d\d:?\d\d|Z)")
"""An offset after a bare date changes nothing that a day-long span could show."""

HAS_OFFSET = re.compile(r"(Z|[+-]\d\d:?\d\d)$")


@lru_cache(maxsize=65_536)
def moment(text: str, zone: str) -> Moment | None:
    """What `text` means, in UTC; None where it names no time. Without an offset it is local time in `zone`, and says so."""
    text = text.strip()
    if not text:
        return None
    long_fraction, dated = LONG_FRACTION.fullmatch(text), DATE_WITH_OFFSET.fullmatch(text)
    text = long_fraction[1] if long_fraction else dated[1] if dated else text
    try:
        span = spans.instants(text, zone)
    except (ValueError, OverflowError):  # an offset of more than a day, the year 9999
        return None
    if span is None:
        return None
    is_instant = span[0] == span[1]
    return Moment(*span, assumed_zone=not (is_instant and HAS_OFFSET.search(text)))


def instant(text: str, zone: str) -> datetime | None:
    """The earliest instant that `text` may mean."""
    found = moment(text, zone)
    return found.lo if found else None


def at(when: datetime | None) -> Moment | None:
    return Moment(when, when) if when else None
