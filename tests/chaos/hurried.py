"""The product's Celery app, unchanged but for the clock it goes by: `celery -A tests.chaos.hurried worker`.

The database of a run shares that clock, as far as anybody asks.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from tests.chaos.clock import Clock

timezone.now = Clock(Path(os.environ["CHAOS_CLOCK"])).now

from config.celery import app  # noqa: E402
from notifications import clock  # noqa: E402

clock.apart = lambda now: timedelta()
app.finalize()
import twilio.rest  # noqa: E402, F401  (slow to load: once here instead of in every hand that is started after a kill)

__all__ = ["app"]
