"""Steps as HL7 v2.5.1 messages, as the first hospital's integration engine sends them."""

from __future__ import annotations

from . import care, laboratory
from .care import merge, register
from .envelope import HOSPITAL, Writer, stamp
from .laboratory import potassium

WRITERS: dict[str, Writer] = {**care.WRITERS, **laboratory.WRITERS}

__all__ = ["HOSPITAL", "WRITERS", "merge", "potassium", "register", "stamp"]
