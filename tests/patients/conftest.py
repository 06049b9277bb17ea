"""The cast, for these tests."""

from __future__ import annotations

from tests.people import ana, ben, chen, dara, eli, fay, gus, hal, north, south

__all__ = ["ana", "ben", "chen", "dara", "eli", "fay", "gus", "hal", "north", "south"]
