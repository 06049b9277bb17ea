from __future__ import annotations

from tests.notifications.views.conftest import dara, desk, eli, fay, hal, lena, north, signed_in, south, today

__all__ = ["dara", "desk", "eli", "fay", "hal", "lena", "north", "signed_in", "south", "today"]
