"""Steps as FHIR R4 bundles, as the second hospital's integration engine and the payers send them."""

from __future__ import annotations

from . import care, laboratory
from .care import PAYER, consent, register
from .envelope import AUTHORITY, Writer, bundle

WRITERS: dict[str, Writer] = {**care.WRITERS, **laboratory.WRITERS}

__all__ = ["AUTHORITY", "PAYER", "WRITERS", "bundle", "consent", "register"]
