"""The journey page on a journey that the engine itself keeps: what it shows, and what the acts on it do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from notifications.models import Note
from pathways.models import Event, Journey, JourneySite, Matter, Stay
from pathways.views.written import pathway_of
from patients import staff
from patients.models import Patient, Permission, Role, Site, User
from tests.desk import Desk
from tests.people import nurse, today_here

Enter = Callable[[User], Client]


def in_days(days: int) -> str:
    return (today_here() + timedelta(days=days)).isoformat()


def again(journey: Journey) -> Journey:
    return Journey.objects.get(pk=journey.pk)


def page_of(client: Client, journey: Journey) -> str:
    return re.sub(r"\s+", " ", client.get(f"/journeys/{journey.uid}/").content.decode())


def test_the_page_tells_where_the_patient_stands(signed_in: Enter, dara: User, followed: Journey) -> None:
    page = page_of(signed_in(dara), followed)
    assert page.count('class="reached') == 4
    assert 'aria-current="step"' in page
    for words in (
        "Okafor, Ann",
        "Lena Example",
        "First usable report",
        "EGFR p.Leu858Arg",
        "Flagged actionable",
        "worked out by a rule",
        "pathogenic · tissue",
    ):
        assert words in page


def test_what_was_corrected_stays_visible_beside_what_counts(signed_in: Enter, dara: User, followed: Journey) -> None:
    page = page_of(signed_in(dara), followed)
    assert page.count("replaced by a later version") == 1


def test_the_arithmetic_of_each_deadline_gives_the_deadline(signed_in: Enter, dara: User, followed: Journey) -> None:
    """Recomputed on the page from the words of the definition; where it would differ the page would say that something moved it."""
    page = page_of(signed_in(dara), followed)
    for stay in Stay.objects.open().filter(journey=followed, due_at__isnull=False, stage__watch=False):
        assert stay.due_at is not None
        local = stay.due_at.astimezone(timezone.zoneinfo.ZoneInfo("America/New_York"))  # type: ignore[attr-defined]
        assert f"ends {local:%a} {local.day} {local:%b %Y}, {local:%H:%M}" in page
    assert "moved the end" not in page


def test_weekends_are_named_where_working_days_count(signed_in: Enter, dara: User, followed: Journey) -> None:
    page = page_of(signed_in(dara), followed)
    assert re.search(r"Not counted: \d weekend day", page)
    told = re.findall(r"</time></span> (day \d+|weekend)", page[page.index("Day by day") :].partition("</ol>")[0])
    assert "weekend" in told
    assert [day for day in told if day != "weekend"] == [f"day {n + 1}" for n in range(sum(day != "weekend" for day in told))]


def test_a_wait_names_the_facts_it_rests_on_with_their_source_and_both_times(signed_in: Enter, dara: User, followed: Journey) -> None:
    page = page_of(signed_in(dara), followed)
    why = page[page.index("What it rests on") :].partition("</li>")[0]
    assert re.search(r"Result final, .*EGFR|Flagged actionable", why)
    assert "received" in why


def test_what_to_do_is_the_definitions_word_with_one_verb_first(signed_in: Enter, dara: User, followed: Journey) -> None:
    page = page_of(signed_in(dara), followed)
    verbs = page[page.index('class="to-do"') :].partition("</ul>")[0]
    assert verbs.count("<li>") <= 4
    assert verbs.count("primary") == 1
    written = [deed for track in pathway_of(followed.version).tracks.values() for stage in track.stages.values() for deed in stage.do]
    assert any(deed.say in verbs for deed in written)
    assert f"/journeys/{followed.uid}/add/treatment_decided/" in page


def test_every_wait_stands_with_its_planned_and_actual_days(signed_in: Enter, dara: User, followed: Journey) -> None:
    page = page_of(signed_in(dara), followed)
    waits = page[page.index('class="table rows waits"') : page.index("</table>")]
    assert waits.count('scope="row"') == Stay.objects.current().filter(journey=followed).count() > 3


def test_a_hold_stops_the_clocks_until_it_is_resumed(signed_in: Enter, dara: User, followed: Journey) -> None:
    client, address = signed_in(dara), f"/journeys/{followed.uid}"
    refused = client.post(f"{address}/hold/", {"reason": "travelling", "review_on": in_days(0)})
    assert (refused.status_code, again(followed).hold_reason) == (422, "")
    client.post(f"{address}/hold/", {"reason": "travelling", "review_on": in_days(14)})
    assert again(followed).hold_reason == "travelling"
    assert "On hold: travelling" in page_of(client, followed)
    client.post(f"{address}/resume/")
    assert again(followed).hold_reason == ""


def test_a_journey_ends_with_a_coded_reason_and_can_be_reopened(signed_in: Enter, dara: User, followed: Journey) -> None:
    client, address = signed_in(dara), f"/journeys/{followed.uid}"
    assert client.post(f"{address}/exit/", {"reason": "no such reason"}).status_code == 422
    client.post(f"{address}/exit/", {"reason": "declined_therapy", "note": "told Dr. Lund"})
    ended = again(followed)
    assert (ended.status, ended.exit_class) == ("exited", "patient_choice")
    assert "Exited: Declined therapy" in page_of(client, followed)
    client.post(f"{address}/reopen/", {"reason": "patient came back"})
    assert again(followed).status == "active"


def test_a_clinicians_decision_needs_the_clinician_and_the_reason_behind_it(signed_in: Enter, dara: User, followed: Journey) -> None:
    client, address = signed_in(dara), f"/journeys/{followed.uid}/exit/"
    decision = {"reason": "clinician_decision_other_therapy"}
    assert client.post(address, decision).status_code == 422
    assert again(followed).status == "active"
    whole = {**decision, "sub_reason": "not_aware", "clinician": "Dr. Lund", "on": in_days(-2)}
    for name in ("sub_reason", "clinician", "on"):
        assert client.post(address, {**whole, name: ""}).status_code == 422
    assert client.post(address, {**whole, "on": in_days(1)}).status_code == 422
    client.post(address, whole)
    ended = again(followed)
    assert ended.status == "exited" and ended.ended_at is not None
    assert timezone.localdate(ended.ended_at).isoformat() == in_days(-2), "it ended when it was decided, not when it was written down"


def test_a_flag_is_answered_by_a_clinician_in_her_name(signed_in: Enter, dara: User, followed: Journey) -> None:
    client, address = signed_in(dara), f"/journeys/{followed.uid}/confirm/"
    assert "EGFR L858R: actionable now" in page_of(client, followed)
    assert client.post(address, {"answer": "EGFR|L858R"}).status_code == 422
    assert client.post(address, {"answer": "no", "clinician": "Dr. Lund"}).status_code == 422
    client.post(address, {"answer": "EGFR|L858R", "clinician": "Dr. Lund"})
    said = Event.objects.get(patient=followed.patient, kind="actionable_confirmed")
    assert (said.body["gene"], said.body["clinician"], said.by) == ("EGFR", "Dr. Lund", dara)
    page = page_of(client, followed)
    assert "Actionable confirmed" in page
    assert "actionable now?" not in page, "what was answered is not asked again"


def test_a_finding_that_nobody_flagged_cannot_be_confirmed(signed_in: Enter, dara: User, followed: Journey) -> None:
    answer = signed_in(dara).post(f"/journeys/{followed.uid}/confirm/", {"answer": "ALK|fusion", "clinician": "Dr. Lund"})
    assert answer.status_code == 422
    assert not Event.objects.filter(kind="actionable_confirmed").exists()


def test_what_the_rules_miss_is_picked_and_attested(signed_in: Enter, dara: User, followed: Journey) -> None:
    client, address = signed_in(dara), f"/journeys/{followed.uid}/pick/"
    assert client.post(address, {"stage": "", "line": ""}).status_code == 422
    client.post(address, {"stage": "IV", "line": "2"})
    said = Event.objects.get(patient=followed.patient, kind="picked")
    assert (said.body, said.grade) == ({"stage": "IV", "line": "2"}, 3)


def test_steering_is_for_those_who_steer_at_the_home_site(signed_in: Enter, hal: User, north: Site, south: Site, followed: Journey) -> None:
    assert "End the journey" not in page_of(signed_in(hal), followed)
    both = nurse("nora", north, role=Role.PHARMACIST)
    both.memberships.create(site=south, role=Role.NAVIGATOR)
    answer = signed_in(both).post(f"/journeys/{followed.uid}/exit/", {"reason": "declined_therapy"})
    assert (answer.status_code, again(followed).status) == (404, "active")


def test_accepting_a_candidate_opens_the_journey_with_what_is_known(signed_in: Enter, dara: User, desk: Desk, ann: Patient) -> None:
    candidate = desk.candidate(ann)
    answer = signed_in(dara).post(f"/candidates/{candidate.uid}/accept/")
    opened = Journey.objects.get(patient=ann)
    assert answer.headers["Location"] == f"/journeys/{opened.uid}/"
    assert (opened.entry, opened.found_by) == ("suspected", "referral")
    assert Matter.objects.get(pk=candidate.pk).reason == "accepted"


def test_refusing_a_candidate_takes_a_reason_and_happens_once(signed_in: Enter, dara: User, desk: Desk, ann: Patient) -> None:
    candidate, client = desk.candidate(ann), signed_in(dara)
    assert "Select" not in client.post(f"/candidates/{candidate.uid}/", {"reason": "no such"}).headers.get("Location", "")
    assert Matter.objects.get(pk=candidate.pk).closed_at is None
    client.post(f"/candidates/{candidate.uid}/", {"reason": "not_eligible"})
    assert Matter.objects.get(pk=candidate.pk).reason == "refused: not_eligible"
    late = client.post(f"/candidates/{candidate.uid}/accept/", follow=True)
    assert "Somebody else settled this candidate first" in late.content.decode()
    assert not Journey.objects.filter(patient=ann).exists()


def test_the_patient_page_lists_all_journeys_and_what_was_allowed(signed_in: Enter, dara: User, followed: Journey, ann: Patient) -> None:
    page = signed_in(dara).get(f"/patients/{ann.uid}/").content.decode()
    for words in ("Lung cancer, biomarker to matched therapy", "+16175550200", "Text messages", "granted", "yes"):
        assert words in page


def test_the_drawing_keeps_its_looks_in_spanish_and_names_few_of_the_waits_ahead(signed_in: Enter, dara: User, followed: Journey) -> None:
    staff.speak(dara, language="es")
    page = signed_in(dara).get(f"/journeys/{followed.uid}/").content.decode()
    course = page[page.index('<svg class="course"') : page.index("</svg>", page.index('<svg class="course"'))]
    assert set(re.findall(r'<g class="(\w+)"', course)) <= {"done", "late", "open", "ahead"}
    assert course.count('<g class="ahead"') <= 5


def test_a_note_of_a_site_that_takes_part_is_kept_though_it_never_knew_the_patient(
    signed_in: Enter, eli: User, south: Site, followed: Journey
) -> None:
    JourneySite.objects.create(journey=followed, site=south, since=timezone.now())
    answer = signed_in(eli).post(f"/journeys/{followed.uid}/notes/", {"text": "Biopsy is being read here."})
    assert answer.status_code == 302
    assert Note.objects.get().site == south


def test_an_order_says_who_asked_how_they_are_reached_and_who_gets_a_copy(
    signed_in: Enter, dara: User, followed: Journey, desk: Desk
) -> None:
    who = {"npi": "1234567893", "numbers": [], "family": "Marsh", "given": "Ida", "how": "ORC-12", "facility": "Hill Clinic"}
    reached = {"phone": "617-555-0142", "address": "1 Hill Road, Boston", "copies": ["Noor Patel", "Cy Lund"]}
    desk.event(followed, "test_ordered", timezone.now() - timedelta(days=3), {"text": "PD-L1", "orderer": who | reached})
    page = page_of(signed_in(dara), followed)
    assert "Asked for by Ida Marsh, Hill Clinic, 617-555-0142, 1 Hill Road, Boston · a copy goes to Noor Patel, Cy Lund" in page


def test_the_patient_page_says_until_when_somebody_agreed(signed_in: Enter, dara: User, followed: Journey, ann: Patient) -> None:
    client, address = signed_in(dara), f"/patients/{ann.uid}/"
    assert Permission.objects.filter(patient=ann, revoked_at=None).exists()
    assert "until " not in client.get(address).content.decode().partition("May we text")[2].partition("</ul>")[0]
    Permission.objects.filter(patient=ann).update(until=timezone.now() + timedelta(days=90))
    assert "until " in client.get(address).content.decode().partition("May we text")[2].partition("</ul>")[0]
