"""Targets that nobody published are answered for by a lead of the site, for twelve months; a lapse asks and silences nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils.translation import override

from pathways import rollouts, signing
from pathways.models import Matter, PathwayVersion, Rollout
from pathways.signing import State
from patients.models import Role, Site, User
from tests.desk import PATHWAY, published
from tests.people import dara, north, nurse, south

__all__ = ["dara", "north", "south"]

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=366)


@pytest.fixture
def version(now: datetime) -> PathwayVersion:
    return published(now)


@pytest.fixture
def lena(north: Site) -> User:
    return nurse("lena", north, role=Role.LEAD)


def switch(site: Site, by: User, person: User, now: datetime, mode: Rollout.Mode = Rollout.Mode.STAFF) -> Rollout:
    return rollouts.switch(site=site, pathway=PATHWAY, mode=mode, by=by, reason="pilot", now=now, default_accountable=person)


def test_every_local_default_is_listed_and_no_published_target(version: PathwayVersion) -> None:
    found = signing.unsourced(version)
    assert any(one.what == "actionable and not treated" for one in found)
    targets = [
        one for one in found if one.where != "text"
    ]  # what patients read is signed with them (tests/notifications/test_reviewing.py)
    assert all(any(word in one.source.casefold() for word in signing.UNSOURCED) for one in targets)


def test_no_site_acts_on_unsigned_targets(north: Site, dara: User, lena: User, version: PathwayVersion, now: datetime) -> None:
    switch(north, lena, dara, now, Rollout.Mode.SHADOW)
    with pytest.raises(signing.NotSigned):
        switch(north, lena, dara, now)
    assert Rollout.objects.get().mode == "shadow"
    signing.sign(site=north, version=version, by=lena, now=now)
    assert switch(north, lena, dara, now).signed_version == version


def test_each_reads_the_targets_in_their_language_and_the_record_is_in_one(
    north: Site, lena: User, version: PathwayVersion, now: datetime
) -> None:
    with override("es"):
        shown = {one.what for one in signing.unsourced(version)}
        signature = signing.sign(site=north, version=version, by=lena, now=now)
    with override("en"):
        read = {one.what for one in signing.unsourced(version)}
    assert "actionable and not treated" in read - shown
    assert {one["what"] for one in signature.targets} == read


def test_a_signature_is_for_one_site(north: Site, south: Site, lena: User, version: PathwayVersion, now: datetime) -> None:
    signing.sign(site=north, version=version, by=lena, now=now)
    assert signing.state(site=north, version=version, now=now) == State.SIGNED
    assert signing.state(site=south, version=version, now=now) == State.UNSIGNED


def test_only_a_lead_of_the_site_signs(north: Site, south: Site, dara: User, lena: User, version: PathwayVersion, now: datetime) -> None:
    for who, site in ((dara, north), (lena, south)):
        with pytest.raises(PermissionError):
            signing.sign(site=site, version=version, by=who, now=now)


def test_a_lapsed_signature_asks_the_lead_once_and_silences_nothing(
    north: Site, dara: User, lena: User, version: PathwayVersion, now: datetime
) -> None:
    signing.sign(site=north, version=version, by=lena, now=now)
    switch(north, lena, dara, now)
    assert signing.remind(now=now + YEAR - 5 * timedelta(days=1)) == 0
    assert [signing.remind(now=now + YEAR) for _ in range(2)] == [1, 0]
    matter = Matter.objects.get()
    assert (matter.kind, matter.detail["state"], matter.mode) == ("signature", "lapsed", "staff")
    assert switch(north, lena, dara, now + YEAR, Rollout.Mode.LIVE).mode == "live"
    signing.sign(site=north, version=version, by=lena, now=now + YEAR)
    matter.refresh_from_db()
    assert (matter.closed_by, matter.reason) == (lena, "signed")


def test_a_lapsed_signature_takes_nobody_out_of_shadow(north: Site, dara: User, lena: User, version: PathwayVersion, now: datetime) -> None:
    signing.sign(site=north, version=version, by=lena, now=now)
    with pytest.raises(signing.NotSigned, match="lapsed"):
        switch(north, lena, dara, now + YEAR)
