"""The cast and the morning, for tests that cross all apps."""

from __future__ import annotations

from tests.notifications.views.conftest import lena, signed_in, today
from tests.people import ana, dara, eli, fay, hal, north, south

__all__ = ["ana", "dara", "eli", "fay", "hal", "lena", "north", "signed_in", "south", "today"]
