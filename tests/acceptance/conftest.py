"""The cases run on the stories' ground: the shipped programmes, a hospital of its own for each case, and the doctor at the end."""

from __future__ import annotations

from tests.stories.conftest import catalogue, hospital

__all__ = ["catalogue", "hospital"]
