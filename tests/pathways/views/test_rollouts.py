"""Going live by the screens: only for one's own sites, only by lead, manager or administrator, always with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client

from pathways import signing
from pathways.models import Rollout, RolloutChange, Signature, Stay
from patients.models import AccessLog, Role, Site, User
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


def listed(desk: Desk, dara: User) -> str:
    """One patient overdue on the review list; how her name stands on the page."""
    desk.go_live(dara)
    journey = desk.journey(desk.patient("Okafor", "Ann", date(1950, 1, 2)), days=30, accountable=dara)
    stay = desk.wait(journey, "main.to_order", since=30, due=28)
    Stay.objects.filter(pk=stay.pk).update(release=True, attention_at=desk.now - timedelta(days=28))
    return "Okafor"


def test_the_review_list_shows_patients_to_those_who_care_and_leaves_a_trace(
    signed_in: Enter, lena: User, fay: User, mia: User, dara: User, desk: Desk
) -> None:
    name = listed(desk, dara)
    assert signed_in(fay).get(f"{HERE}review/").status_code == 403
    assert signed_in(mia).get(f"{HERE}review/").status_code == 403
    page = signed_in(dara).get(f"{HERE}review/").content.decode()
    assert name in page
    assert "Release the chosen now" not in page
    assert AccessLog.objects.filter(what="go-live review list", patients__len=1).exists()
    assert "1 waiting, 1 in the next share" in signed_in(fay).get(HERE).content.decode()


def test_the_lead_releases_what_she_chose(signed_in: Enter, lena: User, dara: User, desk: Desk) -> None:
    listed(desk, dara)
    stay = Stay.objects.get()
    client = signed_in(lena)
    client.post(f"{HERE}release/", {"pick": ["stay:0", "rubbish"]})
    assert Stay.objects.get().release
    client.post(f"{HERE}release/", {"pick": [f"stay:{stay.pk}"]})
    assert not Stay.objects.get().release
    assert RolloutChange.objects.get().what == "released"
