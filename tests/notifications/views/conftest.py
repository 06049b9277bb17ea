from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from patients.models import Role, Site, User
from tests.browser.morning import Morning, morning
from tests.desk import Desk
from tests.people import dara, eli, fay, hal, north, nurse, south

__all__ = ["dara", "eli", "fay", "hal", "north", "south"]


@pytest.fixture
def lena(north: Site) -> User:
    """Lead navigator of the north."""
    return nurse("lena", north, role=Role.LEAD)


@pytest.fixture
def desk(north: Site) -> Desk:
    return Desk(north, timezone.now())


@pytest.fixture
def today(north: Site, dara: User, lena: User) -> Morning:
    """A whole morning of the north: something in every lane."""
    return morning(north, nurse=dara, lead=lena, now=timezone.now())


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    def enter(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return enter
