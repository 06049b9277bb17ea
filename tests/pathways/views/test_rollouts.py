"""Going live by the screens: only for one's own sites, only by lead, manager or administrator, always with a reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from pathways import signing
from pathways.models import Rollout, RolloutChange, Signature
from patients.models import Role, Site, User
from tests.desk import PATHWAY, Desk
from tests.people import nurse

Enter = Callable[[User], Client]
HERE = f"/rollout/north/{PATHWAY}/"


@pytest.fixture
def mia(south: Site) -> User:
    return nurse("mia", south, role=Role.MANAGER)


def asked(mode: str, person: User, **more: str) -> dict[str, str]:
    return {"mode": mode, "default_accountable": str(person.pk), "release_per_day": "8", "reason": "go/no-go of Tuesday", **more}


def test_the_matrix_shows_ones_own_sites_only(signed_in: Enter, fay: User, mia: User, desk: Desk) -> None:
    assert "North Valley Hospital" in signed_in(fay).get("/rollout/").content.decode()
    page = signed_in(mia).get("/rollout/").content.decode()
    assert "South Lake Clinic" in page
    assert "North Valley Hospital" not in page


def test_other_sites_and_other_roles_find_nothing(signed_in: Enter, mia: User, dara: User, desk: Desk) -> None:
    assert signed_in(mia).get(HERE).status_code == 404
    assert signed_in(mia).post("/rollout/north/pause/").status_code == 404
    assert signed_in(dara).get(HERE).status_code == 403
    assert signed_in(dara).post(f"{HERE}pause/").status_code == 403


def test_a_change_needs_a_reason_and_leaves_its_name(signed_in: Enter, fay: User, dara: User, desk: Desk) -> None:
    client = signed_in(fay)
    refused = client.post(HERE, asked("shadow", dara, reason=""))
    assert refused.status_code == 422
    assert not Rollout.objects.exists()
    assert client.post(HERE, asked("shadow", dara)).status_code == 302
    assert Rollout.objects.get().mode == "shadow"
    page = client.get(HERE).content.decode()
    assert "go/no-go of Tuesday" in page
    assert RolloutChange.objects.get().by == fay


def test_out_of_shadow_only_with_the_leads_signature(signed_in: Enter, lena: User, fay: User, dara: User, desk: Desk) -> None:
    refused = signed_in(fay).post(HERE, asked("staff", dara))
    assert refused.status_code == 422
    assert "a lead signs them first" in refused.content.decode()
    assert signed_in(fay).post(f"{HERE}sign/", {"version": desk.version.number}).status_code == 403
    signed_in(lena).post(f"{HERE}sign/", {"version": desk.version.number + 1})
    assert not Signature.objects.exists()
    signed_in(lena).post(f"{HERE}sign/", {"version": desk.version.number, "note": "tumor board of March"})
    assert signing.latest(site=desk.site, version=desk.version) is not None
    assert signed_in(fay).post(HERE, asked("staff", dara)).status_code == 302
    assert Rollout.objects.get().mode == "staff"


def test_pausing_is_one_click_for_a_programme_and_for_a_site(signed_in: Enter, fay: User, dara: User, desk: Desk) -> None:
    desk.go_live(dara)
    client = signed_in(fay)
    assert "Pause all texts" in client.get(HERE).content.decode()
    client.post(f"{HERE}pause/")
    assert Rollout.objects.get().paused_at is not None
    client.post(f"{HERE}resume/")
    assert Rollout.objects.get().paused_at is None
    client.post("/rollout/north/pause/")
    assert Rollout.objects.get().paused_at is not None
    assert "texts paused" in client.get("/rollout/").content.decode()
    client.post("/rollout/north/resume/")
    assert Rollout.objects.get().paused_at is None


def test_reading_the_pages_writes_nothing(signed_in: Enter, fay: User, desk: Desk) -> None:
    signed_in(fay).get(HERE)
    signed_in(fay).get("/rollout/")
    assert not Rollout.objects.exists()
