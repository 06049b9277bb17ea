"""What the rescue report says: an effect where the lot decided, an association elsewhere, and no before and after at all."""

from __future__ import annotations

from datetime import date, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from notifications.models import Allocation, Incident
from notifications.reports.rescue import BEFORE_AFTER, REFUSED, rescue, rescue_rows
from notifications.reports.rescued import compared
from pathways.definitions.lots import lot
from pathways.models import Journey, Stay, Trial
from pathways.reports.cohort import Question
from patients.models import ContactPoint, Phone
from patients.templatetags.finalmile import points
from tests.notifications.world import DAY, NOON, World

AS_OF = NOON + 40 * DAY
ASKED = Question("", AS_OF)


@pytest.fixture
def trial(world: World) -> Trial:
    return Trial.objects.create(
        pathway="lung", stage="main.visit", label="Visit", wording="visit.reminder", protocol="QI-1", terms="t", horizon_days=14, arm="delay",
        held=2, block=4, delay=2 * DAY, key="k" * 64, approved_by="Dr. Lund", since=date(2026, 3, 1), until=date(2026, 6, 1),
    )  # fmt: skip


def drawn(world: World, trial: Trial, days: list[float | None]) -> list[Allocation]:
    """One patient each: moved on after so many days, or still waiting. The lot is that of the key."""
    found = []
    for n, wait in enumerate(days):
        stay = world.stay()
        Stay.objects.filter(pk=stay.pk).update(left_at=None if wait is None else NOON + wait * DAY)
        waits = lot(trial.key, "main", n, held=trial.held, block=trial.block)
        found.append(
            Allocation.objects.create(
                trial=trial,
                patient=stay.journey.patient,
                journey=stay.journey,
                stay=stay,
                site=world.site,
                position=n,
                waits=waits,
                at=NOON,
            )
        )
    return found


def table(name: str, as_of: datetime = AS_OF, **asked: str) -> list[dict[str, object]]:
    sheet = rescue(Question("", as_of, **asked), exact=True)  # type: ignore[arg-type]
    found = sheet.table(name)
    return [{column.name: cell.value for column, cell in zip(found.columns, row, strict=True)} for row in found.rows]


def helped(world: World, trial: Trial, n: int = 60) -> list[Allocation]:
    """Whoever is reminded in time moves on after three days, the others after twenty; every fifth never."""
    waits = [lot(trial.key, "main", i, held=trial.held, block=trial.block) for i in range(n)]
    return drawn(world, trial, [None if i % 5 == 0 else 20.0 if late else 3.0 for i, late in enumerate(waits)])


def test_what_the_lot_compared_is_an_effect_with_its_interval(world: World, trial: Trial) -> None:
    helped(world, trial)
    (found,) = rescue(ASKED, exact=True).table("effects").rows
    difference = found[1]
    assert isinstance(difference.value, float)
    assert difference.low is not None
    assert 0 < difference.low < difference.value
    assert str(found[3].value).startswith("1 (")
    said = rescue(ASKED, exact=True).says[0]
    assert "helps" in said
    assert ("%" in said, "pt (+" in said) == (False, True), "a difference of shares is told in points, as the table beside it tells it"


def test_no_difference_has_no_sign() -> None:
    assert [points(share).replace("\N{NO-BREAK SPACE}", " ") for share in (-0.001, 0.0, 0.124, -0.2)] == [
        "0 pt",
        "0 pt",
        "+12 pt",
        "\N{MINUS SIGN}20 pt",
    ]


def test_everybody_counts_where_the_lot_put_them(world: World, trial: Trial) -> None:
    """Intention to treat: reminded too early, never reminded or gone, they stay in their group; the groups add up to all drawn."""
    rows = helped(world, trial)
    now, later = table("arms")
    assert (now["patients"], later["patients"]) == (30, 30)
    for one in rows[:10]:
        Journey.objects.filter(pk=one.journey_id).update(status="exited", exit_class="competing", ended_at=NOON + DAY)
        Stay.objects.filter(pk=one.stay_id).update(left_at=NOON + DAY)
    arms = table("arms")
    assert [row["patients"] for row in arms] == [30, 30]
    assert sum(int(str(row["left"])) for row in arms) == 10
    for row in arms:
        assert int(str(row["moved"])) + int(str(row["left"])) + int(str(row["waiting"])) == row["patients"]


def test_a_hand_over_elsewhere_is_censored_and_a_correction_is_followed(world: World, trial: Trial) -> None:
    moved, corrected = drawn(world, trial, [2.0, 3.0])
    Journey.objects.filter(pk=moved.journey_id).update(status="exited", exit_class="administrative", ended_at=NOON + 2 * DAY)
    Stay.objects.filter(pk=corrected.stay_id).update(superseded="corrected")
    Stay.objects.create(
        journey=corrected.journey, stage=world.stage, track="main", root_lineage="r2", entered_at=NOON - 19 * DAY, left_at=NOON + 5 * DAY
    )
    (one,) = compared(ASKED)
    assert sorted(zip(one.rows.follow.days.tolist(), one.rows.follow.cause.tolist(), strict=True)) == [(2.0, 0), (5.0, 1)]


def test_a_wait_that_ends_in_a_setback_brought_nobody_on(world: World, trial: Trial) -> None:
    kept, missed = drawn(world, trial, [2.0, 2.0])
    for one, kind in ((kept, "visit_kept"), (missed, "visit_missed")):
        Stay.objects.filter(pk=one.stay_id).update(left_by=f"Epic|{kind}|V1")
    rows = table("arms")
    assert (sum(int(str(row["moved"])) for row in rows), sum(int(str(row["left"])) for row in rows)) == (1, 1)


def test_what_is_not_known_yet_is_not_said(world: World, trial: Trial) -> None:
    helped(world, trial)
    assert table("effects", NOON + 10 * DAY)[0]["to_contact"] == "too early to say"
    assert table("arms", NOON + 10 * DAY)[0]["share"] is None


def test_no_effect_has_no_number_to_contact(world: World, trial: Trial) -> None:
    drawn(world, trial, [3.0 if n % 2 else None for n in range(40)])
    (found,) = table("effects")
    assert str(found["to_contact"]).startswith("cannot be said")
    assert found["needed"] is None
    assert "cannot be told yet" in rescue(ASKED, exact=True).says[0]


def test_before_and_after_is_refused_with_its_reason(world: World, trial: Trial) -> None:
    helped(world, trial)
    sheet = rescue(Question("", AS_OF, compare=BEFORE_AFTER), exact=True)
    assert sheet.refused == REFUSED
    assert (sheet.tables, sheet.says, sheet.drawings) == ((), (), ())
    with pytest.raises(CommandError, match="regression to the mean"):
        call_command("report", "rescue", compare=BEFORE_AFTER, stdout=StringIO())


def test_without_lots_the_page_says_association_and_nothing_else(world: World) -> None:
    stay = world.stay()
    world.alert(stay, world.rung())
    Stay.objects.filter(pk=stay.pk).update(left_at=NOON + 4 * DAY)
    sheet = rescue(ASKED, exact=True)
    assert "association" in sheet.says[0]
    (rung,) = table("rungs")
    assert (rung["waits"], rung["moved"], rung["median_days"]) == (1, 1, 4.0)
    assert not any(word in " ".join(sheet.says) for word in ("helps", "because", "thanks"))


def test_shadow_alerts_and_test_records_are_no_rescue(world: World) -> None:
    world.alert(world.stay(), world.rung(), mode="shadow")
    tested = world.stay()
    world.alert(tested, world.rung())
    type(tested.journey.patient).objects.filter(pk=tested.journey.patient_id).update(is_test=True)
    assert table("rungs") == []


def test_who_opted_out_or_was_harmed_is_counted_within_the_horizon_only(world: World, trial: Trial) -> None:
    one, two, three = drawn(world, trial, [None, None, None])
    for allocation, at in ((one, NOON + 3 * DAY), (two, NOON + 30 * DAY)):
        phone = ContactPoint.objects.get(person=allocation.patient.person).phone
        assert phone
        Phone.objects.filter(pk=phone.pk).update(stopped_at=at)
    Incident.objects.create(
        site=world.site, kind="text_harm", journey=three.journey, happened_at=NOON + DAY, what="x", reported_at=NOON + DAY, by=world.dara
    )
    rows = table("arms")
    assert sum(int(str(row["opted_out"])) for row in rows) == 1
    assert sum(int(str(row["harmed"])) for row in rows) == 1


def test_numbers_open_rows_that_add_up(world: World, trial: Trial) -> None:
    helped(world, trial, 24)
    stay = world.stay()
    world.alert(stay, world.rung())
    sheet = rescue(ASKED, exact=True)
    opened = {cell.opens: cell.value for one in sheet.tables for row in one.rows for cell in row if cell.opens}
    assert len(opened) >= 8
    for number, value in opened.items():
        assert len(rescue_rows(ASKED, number).uids) == value, number


def test_small_groups_are_hidden_from_who_may_not_open_them(world: World, trial: Trial) -> None:
    """Nothing of them is in words, in the picture or in the number to contact either."""
    helped(world, trial, 12)
    sheet = rescue(ASKED, exact=False)
    assert all(row[1].hidden and row[3].hidden for row in sheet.table("effects").rows)
    assert "for those who may open" in sheet.says[0]
    assert not sheet.drawings
