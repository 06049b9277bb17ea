from __future__ import annotations

from tests.notifications.conftest import world

__all__ = ["world"]
