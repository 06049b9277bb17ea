"""What a claim lets out, puts off and takes back; and what is recorded of what was let out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications import endings, links, outbox, unsent
from notifications.models import Message, SendSlot, WorkItem
from notifications.outbox import Claim
from notifications.plan import plan
from notifications.transports.base import Accepted, Declined, Unclear
from notifications.wording import compiler
from notifications.wording.compiler import Rendered, denied
from pathways import alerts, rollouts
from pathways.models import Alert, Event, Expectation, Feed, Journey, Matter, Rollout, Stage, Stay
from patients.calendars import forget
from patients.models import ContactPoint, Patient, Permission, Person, Phone, Site, SiteHoliday
from tests.notifications.world import DAY, HOUR, NOON, World, in_another_connection


@pytest.fixture
def message(world: World) -> Message:
    """Ana's reminder, planned and due."""
    world.text_alert(world.patient())
    plan(now=NOON)
    return Message.objects.get()


def claim(now: datetime = NOON) -> Claim:
    return outbox.claim(now=now)


def reason() -> tuple[str, str]:
    message = Message.objects.get()
    return message.state, message.reason


def test_a_consented_adult_is_texted_in_her_words_once(message: Message) -> None:
    (claimed,) = claim().texts
    assert claimed.text.to == Phone.objects.get().e164
    assert claimed.text.body.startswith("Hello Ana, this is Riverside Care.")
    message = Message.objects.get()
    assert (message.state, message.attempt, message.claimed_at, message.body) == ("sending", 1, NOON, links.masked(claimed.text.body))
    assert str(message.uid) in claimed.text.callback
    assert message.token in claimed.text.callback
    assert SendSlot.objects.get().local_day == date(2026, 3, 10)
    assert claim() == Claim([], 0)


def test_nothing_of_the_record_is_in_a_text(message: Message) -> None:
    (claimed,) = claim().texts
    assert message.journey is not None
    for value in ("lung", message.journey.primary_group, str(message.journey.uid), "no-visit", "Q,"):
        assert value not in claimed.text.body
    assert not denied(claimed.text.body)


NEVER: dict[str, Callable[[Message], object]] = {
    "reason gone": lambda m: alerts.withdraw_of_stays([m.stay_id or 0], reason="progress", now=NOON),
    "died": lambda m: Patient.objects.update(died_lo=NOON, died_hi=NOON),
    "test record": lambda m: Patient.objects.update(is_test=True),
    "texts are off here": lambda m: Rollout.objects.update(mode="staff"),
    "no phone": lambda m: ContactPoint.objects.update(until=NOON),
    "bad number": lambda m: Phone.objects.update(bad_since=NOON),
    "stopped": lambda m: Phone.objects.update(stopped_at=NOON),
    "no permission": lambda m: Permission.objects.update(revoked_at=NOON),
    "too late": lambda m: Message.objects.update(expires_at=NOON),
}


@pytest.mark.parametrize("why", NEVER)
def test_what_must_not_go_is_withdrawn_with_its_reason(message: Message, why: str) -> None:
    NEVER[why](message)
    assert claim().texts == []
    assert reason() == ("withdrawn", why)
    assert not SendSlot.objects.exists()
    assert WorkItem.objects.exists() == (why in unsent.CALLS)


WAITS: dict[str, Callable[[Message], object]] = {
    "death to be verified": lambda m: Patient.objects.update(death_hold_since=NOON),
    "admitted": lambda m: Patient.objects.update(admitted_since=NOON),
    "held": lambda m: Journey.objects.update(hold_reason="infection"),
    "merge to be settled": lambda m: Matter.objects.create(
        kind="merge", subject="x", site=Site.objects.get(), patient=m.patient, opened_at=NOON, due_at=NOON
    ),
    "reply to be verified": lambda m: WorkItem.objects.create(
        cause_kind="reply", cause_key="1", site=Site.objects.get(), patient=m.patient, problem="verify", audience="navigator",
        priority=3, opened_at=NOON, due_at=NOON,
    ),
}  # fmt: skip


@pytest.mark.parametrize("why", WAITS)
def test_what_must_wait_comes_back_tomorrow_morning(message: Message, why: str) -> None:
    WAITS[why](message)
    assert claim().texts == []
    assert reason() == ("pending", why)
    soon = NOON + timedelta(hours=1)  # a person may settle the merge at any time
    assert Message.objects.get().not_before == (
        soon if why.startswith("merge") else datetime(2026, 3, 11, 13, 0, tzinfo=UTC)
    )  # nine in New York


@pytest.mark.parametrize("silent", ["feed", "kind"])
def test_no_reminder_while_the_source_is_silent(world: World, message: Message, silent: str) -> None:
    """It was heard when the rung rang, and fell silent while the text waited: what is asked for may have happened."""
    feed = Feed.objects.create(name="ehr", site=world.site, longest_silence=2 * HOUR, heard_at=NOON - (3 if silent == "feed" else 1) * HOUR)
    Stay.objects.update(feed=feed)
    if silent == "kind":
        Stage.objects.update(awaits=["visit_done"])
        Expectation.objects.create(site=world.site, feed=feed, kind="visit_done", longest_silence=HOUR, silent_from=NOON - HOUR)
    assert claim().texts == []
    assert (reason(), Message.objects.get().not_before) == (("pending", "its feed is silent"), NOON + HOUR)
    Feed.objects.update(heard_at=NOON + HOUR)
    Expectation.objects.update(silent_from=NOON + 3 * HOUR)
    assert len(claim(NOON + HOUR).texts) == 1


def test_a_paused_programme_texts_nobody_until_it_is_resumed(world: World, message: Message) -> None:
    other = Rollout.objects.create(site=world.site, pathway="pgx", mode="live", default_accountable=world.dara)
    rollouts.pause(rollout=other, by=world.fay, reason="", now=NOON)
    rollouts.pause(rollout=world.rollout, by=world.fay, reason="", now=NOON)
    assert claim().texts == []
    assert reason() == ("pending", "texts paused")
    assert not SendSlot.objects.exists()
    again = Message.objects.get().not_before
    assert outbox.claim(now=again).texts == []
    rollouts.resume(rollout=world.rollout, by=world.fay, reason="", now=again)
    assert len(outbox.claim(now=again + HOUR / 4).texts) == 1


def test_answers_to_stop_go_out_while_texts_are_paused(world: World) -> None:
    rollouts.pause(rollout=world.rollout, by=world.fay, reason="", now=NOON)
    world.answer(world.phone(world.patient().person, None), "stop_confirmation")
    assert len(claim().texts) == 1


def test_a_refusal_for_the_programme_beats_a_permission_for_all(message: Message) -> None:
    granted = Permission.objects.get()
    Permission.objects.create(person=granted.person, patient=granted.patient, phone=granted.phone, programme="lung", revoked_at=NOON)
    claim()
    assert reason() == ("withdrawn", "no permission")


def test_without_permission_only_critical_rungs_become_a_call(world: World) -> None:
    world.alert(world.stay(world.patient(consents=False)), world.rung(0, "patient", priority=2))
    plan(now=NOON)
    claim()
    item = WorkItem.objects.get()
    assert (item.cause_kind, item.problem, item.priority) == ("problem", "no-visit", 2)
    assert item.alerts.get().alert == Alert.objects.get()


def test_the_newest_proved_number_is_used(world: World) -> None:
    patient = world.patient()
    proved = world.phone(patient.person, patient, rank=2)
    ContactPoint.objects.filter(phone=proved).update(verified_at=NOON)
    world.text_alert(patient)
    plan(now=NOON)
    assert claim().texts[0].text.to == proved.e164


CLINICAL = st.fixed_dictionaries(
    {
        "gene": st.sampled_from(["EGFR", "KRAS", "ALK", "BRCA1", "HER2", "CYP2C19", "MLH1"]),
        "alteration": st.sampled_from(["p.Leu858Arg", "G12C", "exon 20 insertion"]),
        "drugs": st.sampled_from([["osimertinib"], ["capecitabine", "oxaliplatin"], ["clopidogrel"]]),
        "text": st.sampled_from(["Adenocarcinoma of lung", "Minimal residual disease, ctDNA", "Lynch syndrome"]),
        "stage": st.sampled_from(["IIIB", "IVA"]),
        "code": st.sampled_from(["icd10|C34.1", "loinc|21659-1"]),
        "reference": st.from_regex(r"[A-Z]{2}[0-9]{6}", fullmatch=True),
        "payer": st.sampled_from(["Aetna", "Medicaid"]),
    }
)
TOLD = ["visit.reminder", "form.reminder", "bring.child", "kit.reminder", "visit.due", "pickup.reminder"]


def values(body: object) -> set[str]:
    """Every word that a fact's body says, in small letters."""
    if isinstance(body, dict):
        return set().union(*map(values, body.values()))
    return set().union(*map(values, body)) if isinstance(body, list) else {str(body).casefold()}


@given(body=CLINICAL, wording=st.sampled_from(TOLD), language=st.sampled_from(["en", "es"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None)
def test_no_text_holds_a_clinical_value_of_its_journey(world: World, body: dict[str, object], wording: str, language: str) -> None:
    with transaction.atomic():
        stay = world.stay(world.patient(language=language))
        event = world.says(stay.journey, "result_final")
        Event.objects.filter(pk=event.pk).update(body=body)
        world.alert(stay, world.rung(0, "patient", wording=wording))
        plan(now=NOON)
        (claimed,) = claim().texts
        said = links.masked(claimed.text.body).casefold()
        private = values(body) | {stay.journey.pathway, stay.journey.primary_group, str(stay.journey.uid), stay.stage.problem, "lung"}
        assert not [value for value in private if value in said]
        transaction.set_rollback(True)


ZONES = st.sampled_from(["America/New_York", "America/Phoenix", "Pacific/Honolulu", "", "No/Where"])


@given(minutes=st.integers(0, 366 * 24 * 60), zone=ZONES, address=ZONES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_no_text_leaves_outside_nine_to_twenty_at_the_number_or_the_address(world: World, minutes: int, zone: str, address: str) -> None:
    now = NOON + timedelta(minutes=minutes)
    zones = [name for name in (zone, address) if name and name != "No/Where"] or ["Pacific/Honolulu", "America/Puerto_Rico"]
    with transaction.atomic():
        world.text_alert(world.patient())
        Phone.objects.update(zone=zone)
        Person.objects.update(time_zone=address)
        plan(now=now)
        texts = claim(now).texts
        allowed = all(9 <= now.astimezone(ZoneInfo(name)).hour < 20 for name in zones)
        message = Message.objects.get()
        assert bool(texts) == allowed
        if not allowed:
            assert message.reason == "quiet hours"
            assert now < message.not_before <= now + timedelta(hours=26)
            assert len(claim(message.not_before).texts) == 1
        for claimed in texts:
            end = now + timedelta(seconds=claimed.text.validity or 0)
            assert all(end.astimezone(ZoneInfo(name)).hour < 21 for name in zones)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("country", "utc_hour", "open_"),
    [("ES", 8, False), ("ES", 9, True), ("ES", 18, True), ("ES", 19, False), ("DE", 8, True), ("US", 18, False)],
)
def test_a_number_of_unknown_zone_follows_its_sites_country(world: World, country: str, utc_hour: int, open_: bool) -> None:
    """In January: Spain from the Canaries' nine to Madrid's eight, Germany by one clock."""
    now = datetime(2027, 1, 12, utc_hour, 30, tzinfo=UTC)
    Site.objects.update(country=country)
    world.text_alert(world.patient())
    Phone.objects.update(zone="")
    plan(now=now)
    assert bool(claim(now).texts) == open_


def test_a_site_may_want_no_texts_on_its_closed_days(world: World) -> None:
    fourth = datetime(2026, 7, 3, 16, tzinfo=UTC)  # Independence Day is observed on Friday; the 4th is a Saturday
    Site.objects.update(texts_on_holidays=False)
    SiteHoliday.objects.create(site=world.site, on=date(2026, 7, 5), name="inventory")
    forget(world.site.pk)
    world.text_alert(world.patient())
    plan(now=fourth)
    assert claim(fourth).texts == []
    assert Message.objects.get().not_before == datetime(2026, 7, 6, 13, tzinfo=UTC)


def test_a_site_may_want_its_texts_within_fewer_hours(world: World) -> None:
    """Nine in Boston is thirteen UTC in summer."""
    Site.objects.update(texts_from=time(11), texts_until=time(15))
    world.text_alert(world.patient())
    day = NOON.replace(hour=14)
    plan(now=day)
    assert claim(day).texts == []
    waits = Message.objects.get().not_before
    assert waits == day.replace(hour=15, minute=0, second=0, microsecond=0)
    assert len(claim(waits).texts) == 1


def test_confirmations_stand_outside_cap_and_quiet_hours(world: World) -> None:
    patient = world.patient()
    phone = Phone.objects.get()
    world.text_alert(patient)
    plan(now=NOON)
    claim()
    Phone.objects.update(stopped_at=NOON)
    for purpose in ("stop_confirmation", "help", "start_confirmation"):
        world.answer(phone, purpose)
    night = NOON + 14 * HOUR
    assert len(claim(night).texts) == 2
    assert Message.objects.get(purpose="start_confirmation").reason == "stopped"


def test_nobody_is_texted_in_a_language_we_do_not_have(world: World) -> None:
    world.text_alert(world.patient(language="fr"))
    plan(now=NOON)
    assert claim().texts == []
    assert reason() == ("pending", "no wording in fr")
    assert not SendSlot.objects.exists()
    assert WorkItem.objects.count() == 1


def test_a_text_that_cannot_be_written_keeps_back_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write = compiler.render

    def poisoned(key: str, language: str, **fields: Any) -> Rendered:
        if fields["first_name"] == "Poison":
            raise KeyError("bug")
        return write(key, language, **fields)

    monkeypatch.setattr(outbox, "render", poisoned)
    for name in ("Poison", "Ana"):
        world.text_alert(world.patient(name))
    plan(now=NOON)
    assert len(claim().texts) == 1
    assert Message.objects.get(state="pending").reason == "not written: KeyError"


def test_validity_ends_before_nine_in_the_evening(message: Message) -> None:
    (claimed,) = claim(NOON + 7 * HOUR + timedelta(minutes=50)).texts  # 19:50 in New York
    assert claimed.text.validity == 65 * 60


def test_shadow_messages_are_never_claimed(world: World) -> None:
    world.text_alert(mode="shadow")
    plan(now=NOON)
    assert claim() == Claim([], 0)


def test_accepted_and_a_late_answer_to_an_older_attempt(message: Message) -> None:
    (claimed,) = claim().texts
    endings.record(claimed=claimed, answer=Accepted("SM1"), now=NOON)
    endings.record(claimed=claimed, answer=Declined(21610), now=NOON)
    message = Message.objects.get()
    assert (message.state, message.provider_sid, message.sent_at) == ("sent", "SM1", NOON)
    Message.objects.update(attempt=2, state="sending")
    endings.record(claimed=claimed, answer=Declined(21610), now=NOON)
    assert Message.objects.get().state == "sending"


@pytest.mark.parametrize("answer", [Unclear("Timeout"), Declined(20500, 500), Declined(0, 503)])
def test_no_clear_answer_is_unknown_and_never_pending(message: Message, answer: Unclear | Declined) -> None:
    (claimed,) = claim().texts
    endings.record(claimed=claimed, answer=answer, now=NOON)
    message = Message.objects.get()
    assert (message.state, message.unknown_since) == ("unknown", NOON)
    assert claim(NOON + DAY) == Claim([], 0)


def test_a_busy_provider_is_tried_again_later(message: Message) -> None:
    (claimed,) = claim().texts
    endings.record(claimed=claimed, answer=Declined(20429, 429), now=NOON)
    back = Message.objects.get()
    assert NOON < back.not_before < NOON + timedelta(minutes=2)
    assert claim(back.not_before).texts[0].attempt == 2


@pytest.mark.django_db(transaction=True)
def test_two_senders_never_take_the_same_text_nor_the_same_day() -> None:
    world = World()
    patient = world.patient()
    for n, wording in enumerate(("visit.reminder", "kit.reminder")):
        world.alert(world.stay(patient), world.rung(n, "patient", wording=wording))
    for _ in range(10):
        world.text_alert()
    plan(now=NOON)
    with transaction.atomic():
        mine = outbox.claim(now=NOON, batch=6)
        theirs = in_another_connection(lambda: outbox.claim(now=NOON, batch=20))
    ids = [claimed.id for claimed in (*mine.texts, *theirs.texts)]
    assert len(ids) == len(set(ids)) == 11
    assert SendSlot.objects.count() == 11


@pytest.mark.django_db(transaction=True)
def test_a_stop_under_way_is_waited_out_not_overtaken() -> None:
    world = World()
    world.text_alert(world.patient())
    plan(now=NOON)
    with transaction.atomic():
        Phone.objects.update(stopped_at=NOON)
        assert in_another_connection(lambda: outbox.claim(now=NOON)) == Claim([], 0)
    claim()
    assert reason() == ("withdrawn", "stopped")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("held", [Patient, Permission, Alert])
def test_whatever_a_text_rests_on_may_be_changing(held: type) -> None:
    world = World()
    world.text_alert(world.patient())
    plan(now=NOON)
    with transaction.atomic():
        held.objects.select_for_update().get()  # type: ignore[attr-defined]
        assert in_another_connection(lambda: outbox.claim(now=NOON)) == Claim([], 0)
    assert len(claim().texts) == 1
