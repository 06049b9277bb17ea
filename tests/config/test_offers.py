"""What a page offers, its reader may open: no link of the pages that everybody meets ends in a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from patients.models import Role, Site, User
from tests.browser.morning import Morning
from tests.people import nurse

Enter = Callable[[User], Client]
FIRST = (
    "/",
    "/palette/",
    "/keys/",
    "/pathways/",
    "/queue/",
    "/queue/ask/",
    "/account/",
    "/administration/",
    "/rollout/",
    "/intake/",
    "/texts/",
)
LINK = re.compile(r'<a [^>]*href="(/[^"?#]*)')


@pytest.mark.parametrize("role", list(Role))
def test_no_link_ends_in_a_refusal(signed_in: Enter, north: Site, today: Morning, role: Role) -> None:
    reader = nurse(f"some-{role}"[:30], north, role=role)
    client = signed_in(reader)
    refused = set()
    for address in FIRST:
        page = client.get(address, follow=True)
        if page.status_code == 200:
            refused |= {(address, link) for link in LINK.findall(page.content.decode()) if not _lets_in(link, role)}
    assert refused == set()


def _lets_in(link: str, role: Role) -> bool:
    view: Any = resolve(link).func
    while not hasattr(view, "roles") and hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    return role in getattr(view, "roles", {role})
