"""Sites, staff and clinicians: the verbs behind the administrator's screens."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from patients import calendars, practitioners, sites, staff
from patients.models import Patient, Practitioner, Role, Site, User
from patients.sites import UnknownZone

pytestmark = pytest.mark.django_db


class TestCalendar:
    def test_public_holidays_of_the_state(self, north: Site, south: Site) -> None:
        patriots_day, lincolns_birthday = date(2026, 4, 20), date(2026, 2, 12)
        here, there = calendars.calendar_for(north), calendars.calendar_for(south)
        assert (here.zone, there.zone) == ("America/New_York", "America/Chicago")
        assert patriots_day in here.holidays
        assert lincolns_birthday in there.holidays
        assert not {patriots_day} & there.holidays

    def test_a_closure_counts_at_once_and_can_be_taken_back(self, north: Site) -> None:
        day = date(2026, 5, 5)
        assert day not in calendars.calendar_for(north).holidays
        assert sites.close_on(north, days=[day, date(2026, 5, 6)], name="moving house") == 2
        assert sites.close_on(north, days=[day], name="again") == 0
        assert day in calendars.calendar_for_site(north.pk).holidays
        assert sites.open_on(north, days=[day]) == 1
        assert day not in calendars.calendar_for(north).holidays

    def test_a_place_nobody_has_holidays_for_has_none(self) -> None:
        assert calendars.public_holidays("ZZ", "") == frozenset()
        assert calendars.public_holidays("US", "QQ") == calendars.public_holidays("US", "")


class TestSites:
    def test_adding_again_brings_it_up_to_date_and_keeps_what_it_was(self, north: Site) -> None:
        again = sites.add(code="north", name="North Valley", time_zone="America/New_York", subdivision="MA", sender_name="NV")
        assert (again.pk, again.name, again.sender_name, again.call_back) == (north.pk, "North Valley", "NV", "+16175550190")
        assert list(again.history.values_list("name", flat=True)) == ["North Valley Hospital"]  # type: ignore[attr-defined]

    def test_a_zone_must_exist(self, north: Site) -> None:
        with pytest.raises(UnknownZone, match="America/Chicago"):
            sites.change(north, time_zone="EST5EDT4ever")


class TestStaff:
    def test_what_one_sees_follows_from_the_roles_held_now(self, ana: Patient, dara: User, north: Site, south: Site) -> None:
        staff.join(dara, site=south, role=Role.LEAD)
        assert set(dara.site_ids()) == {north.pk, south.pk}
        assert staff.leave(dara, site=north, on=date(2026, 3, 11)) == 1
        assert list(Patient.objects.visible_to(dara)) == []
        staff.join(dara, site=north, role=Role.NAVIGATOR)
        assert list(Patient.objects.visible_to(dara)) == [ana]

    def test_who_has_left_sees_nothing_and_cannot_sign_in(self, ana: Patient, dara: User) -> None:
        staff.disable(dara, on=date(2026, 3, 11))
        assert list(Patient.objects.visible_to(dara)) == []
        assert not dara.has_usable_password()
        assert not dara.has_role(Role.NAVIGATOR)

    def test_an_account_is_made_once(self, dara: User) -> None:
        assert staff.add(username="dara", first_name="Other").pk == dara.pk


class TestPractitioners:
    def test_found_by_npi_and_only_what_is_said_changes(self, gus: Practitioner) -> None:
        again = practitioners.upsert(npi=gus.npi or "", family="Gustafson", specialty="thoracic oncology")
        assert again is not None
        assert (again.pk, again.given, again.specialty) == (gus.pk, "Gus", "thoracic oncology")

    @pytest.mark.parametrize("npi", ["", "123456789", "1234567890", "12345678939", "١٢٣٤٥٦٧٨٩٣", "UNKNOWN"])
    def test_what_is_no_npi_makes_nobody(self, npi: str) -> None:
        assert practitioners.upsert(npi=npi, family="Nobody") is None
        assert not Practitioner.objects.exists()

    def test_an_account_and_delegates(self, gus: Practitioner, dara: User, hal: User) -> None:
        practitioners.give_account(gus, hal)
        practitioners.delegate(gus, to=dara)
        assert (hal.practitioner, list(gus.delegates.all())) == (gus, [dara])
        practitioners.withdraw_delegation(gus, of=dara)
        assert not gus.delegates.exists()


def test_the_cast_is_who_it_says(ana: Patient, ben: Patient, chen: Patient, fay: User, hal: User, now: datetime) -> None:
    assert [str(each) for each in (ana, ben, chen)] == ["Alvarez, Ana", "Brandt, Ben", "Chen, Wei"]
    assert ana.registered_at == now
    assert not chen.person.contact_points.exists()
    assert fay.has_role(Role.MANAGER)
    assert hal.has_role(Role.LAB_LIAISON)
