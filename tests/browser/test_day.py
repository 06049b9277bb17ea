"""A navigator's day in a real browser, from signing in to an urgent lane that is empty; the same by keyboard; and the clicks counted.

`DAY_SCREENS=folder` keeps a picture of each step.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core import mail as outside
from django.utils import timezone
from playwright.sync_api import Page, expect

from notifications import worklist
from notifications.models import ItemState, Message, Reply, WorkItem, WorkItemAct
from notifications.worklist import NewItem
from pathways.models import Binding, Inbound
from patients import practitioners, staff
from patients.models import Role, Site, User
from tests.browser.conftest import Open
from tests.browser.morning import Morning, noticed, stray_result
from tests.browser.test_queue import focused, tab_to
from tests.people import PASSWORD, nurse, phone_of, today_here


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("DAY_SCREENS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def reply(today: Morning, dara: User) -> WorkItem:
    """The patient wrote back, and nobody has read it."""
    now = timezone.now()
    phone = phone_of(today.patient)
    Reply.objects.create(
        provider_sid="SM-fresh", phone=phone, to="+15550100000", body="Is Thursday still right?", kind="text",
        patient=today.patient, received_at=now - timedelta(hours=1),
    )  # fmt: skip
    new = NewItem(
        cause_kind="reply", cause_key=str(phone.pk), site=today.critical.site_id, problem="reply", due_at=now + timedelta(hours=4),
        patient=today.patient.pk, journey=today.journey.pk, priority=2,
    )  # fmt: skip
    return worklist.open(new, now=now)


@pytest.fixture
def stray(today: Morning, north: Site) -> Inbound:
    return stray_result(north, now=timezone.now())


def sign_in_by_hand(page: Page, username: str) -> None:
    page.goto("/")
    sign_in_here(page, username)
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def sign_in_here(page: Page, username: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")


def row(page: Page, item: WorkItem) -> str:
    return f"#item-{item.uid}"


def test_a_navigators_day(open_as: Open, dara: User, lena: User, today: Morning, reply: WorkItem, stray: Inbound, camera: Path) -> None:
    staff.join(dara, site=today.critical.site, role=Role.LAB_LIAISON)  # at a small hospital the navigator looks after the intake too
    page = open_as()
    sign_in_by_hand(page, "dara")

    # The most urgent first: claim it, read why it is here.
    page.get_by_role("link", name="My team, unclaimed").click()
    claim = page.get_by_role("button", name="Claim: Okafor, Ann, Waiting for the drug")
    expect(claim).to_be_visible()
    page.screenshot(path=camera / "1-team.png", caret="initial")
    claim.click()
    expect(page.get_by_role("link", name="Record outcome: Okafor, Ann")).to_be_visible()
    page.locator(row(page, today.critical)).get_by_role("link", name="Okafor, Ann", exact=True).click()
    expect(page.get_by_role("heading", name="Why am I seeing this")).to_be_visible()
    page.screenshot(path=camera / "2-why.png", full_page=True, caret="initial")

    # She called and left a message; that was the wrong line: undo; then it is right.
    page.goto("/queue/?lane=mine")
    said = page.locator(row(page, today.critical))
    said.get_by_role("link", name="Record outcome").click()
    page.get_by_label("Left a message").check()
    page.get_by_label("Or later today").select_option("2")
    page.screenshot(path=camera / "3-outcome.png", caret="initial")
    page.get_by_role("button", name="Save outcome").click()
    expect(said).to_contain_text("Recorded")
    expect(page.get_by_role("status").last).to_contain_text("Left a message")
    page.screenshot(path=camera / "4-undo.png", caret="initial")
    said.get_by_role("button", name="Undo").click()
    expect(said.get_by_role("link", name="Record outcome")).to_be_visible()
    assert WorkItem.objects.get(pk=today.critical.pk).intended is None

    # Another one can wait until the result comes.
    mine = page.locator(row(page, today.mine))
    mine.get_by_role("link", name="Snooze").click()
    page.get_by_label("Until").fill((today_here() + timedelta(days=3)).isoformat())
    page.get_by_label("Or as soon as this comes").select_option("result_final")
    page.get_by_label("Why").select_option("result expected")
    page.get_by_role("button", name="Snooze").click()
    expect(mine).to_contain_text("Snoozed")

    # The patient wrote: read it, answer it.
    page.goto(f"/items/{reply.uid}/conversation/")
    expect(page.get_by_text("I can come on Thursday morning")).to_be_visible()
    page.get_by_label("Your answer").fill("Thursday morning is fine. We look forward to seeing you.")
    page.get_by_label("Read and answered: close the item").check()
    page.screenshot(path=camera / "5-conversation.png", caret="initial")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your answer is on its way")).to_be_visible()
    answer = Message.objects.get(purpose="answer")
    assert (answer.by, answer.state, answer.body) == (
        dara,
        "pending",
        "North Valley: Thursday morning is fine. We look forward to seeing you.",
    )
    assert WorkItem.objects.get(pk=reply.pk).outcome == "read"

    # A result under a number that only the laboratory knows: whose is it? Side by side, then it is his.
    page.goto("/intake/?reason=unknown_patient")
    page.locator(f"a[href$='/{stray.uid}/']").click()
    page.get_by_role("link", name="Whose is it?").click()
    expect(page.get_by_role("columnheader", name="Same name and same birth date")).to_be_visible()
    page.screenshot(path=camera / "6-whose.png", full_page=True, caret="initial")
    page.get_by_role("button", name="About Bartholomew").click()
    expect(page.get_by_text("Applied.", exact=True)).to_be_visible()
    stray.refresh_from_db()
    assert (stray.outcome, stray.about_by) == ("applied", dara)
    assert Binding.objects.filter(event__inbound=stray, event__kind="result_final", attached=True).exists()

    # A colleague knows this family: hand over.
    other = WorkItem.objects.filter(state=ItemState.OPEN, owner=None, journey__isnull=False).exclude(pk__in=[reply.pk]).earliest("pk")
    page.goto(f"/items/{other.uid}/hand-over/")
    page.get_by_label("To whom").select_option(label="Lena Example")
    page.get_by_label("Why").fill("knows the family")
    page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_text("Offered to Lena Example")).to_be_visible()
    assert WorkItem.objects.get(pk=other.pk).offered_to == lena

    # The urgent journey ends with a coded disposition, and nothing urgent is left.
    page.goto(f"/items/{today.critical.uid}/finish/")
    page.get_by_role("radio", name="Patient declined").check()
    page.get_by_label("What the patient declined").select_option("declined_therapy")
    page.get_by_role("button", name="Save outcome").click()
    expect(page.get_by_text("Recorded: Patient declined")).to_be_visible()
    page.goto("/queue/?lane=team&urgency=critical")
    expect(page.get_by_text("No line of this lane fits the filters")).to_be_visible()
    page.goto("/queue/?lane=mine&urgency=critical")
    expect(page.get_by_text("No line of this lane fits the filters")).to_be_visible()
    page.screenshot(path=camera / "7-urgent-lane-empty.png", caret="initial")


def test_a_clinicians_notice_from_the_e_mail_to_what_was_done(open_as: Open, dara: User, north: Site, today: Morning, camera: Path) -> None:
    """The e-mail's link asks for a sign-in; delivered, acknowledged and acted are three times, and only the last one ends the work."""
    notice = noticed(north, nurse_=dara, now=timezone.now())
    (sent,) = outside.outbox
    link = urlsplit(next(word for word in sent.body.split() if "/notices/" in word)).path
    page = open_as()
    page.goto(link)
    sign_in_here(page, "eva")
    expect(page.get_by_role("heading", name="Why am I seeing this")).to_be_visible()
    expect(page.get_by_text("Adeyemi, Folake")).to_be_visible()
    steps = page.get_by_label("What became of this notice").get_by_role("listitem")
    expect(steps.nth(1)).to_contain_text("not yet")
    page.screenshot(path=camera / "8-notice.png", full_page=True, caret="initial")
    page.get_by_role("button", name="Acknowledge").click()
    expect(steps.nth(1)).to_contain_text("Eva Lund")
    expect(steps.nth(2)).to_contain_text("not yet")
    assert WorkItem.objects.get(pk=notice.item_id).state == ItemState.OPEN
    page.get_by_label("What was done").select_option("treatment_decided:matched")
    page.get_by_label("What exactly").fill("osimertinib")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_role("heading", name="Settled")).to_be_visible()
    page.screenshot(path=camera / "9-notice-answered.png", full_page=True, caret="initial")
    notice.refresh_from_db()
    assert notice.delivered_at and notice.acknowledged_at and notice.answered_at
    assert notice.delivered_at < notice.acknowledged_at < notice.answered_at
    assert WorkItem.objects.get(pk=notice.item_id).outcome == "clinician_acted"


def test_from_sign_in_to_the_most_urgent_patients_outcome_in_two_clicks(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as()
    sign_in_by_hand(page, "dara")
    clicks = 0
    for step in (page.get_by_role("link", name="Guided: next item"), page.get_by_role("button", name="Spoke with the patient")):
        step.click()
        clicks += 1
    expect(page.get_by_text("Recorded: Spoke with the patient")).to_be_visible()
    meant = WorkItem.objects.get(pk=today.critical.pk).intended
    assert meant is not None
    assert (meant["outcome"], clicks) == ("reached", 2)


def test_the_day_by_keyboard_alone(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    tab_to(page, "My team, unclaimed")
    page.keyboard.press("Enter")
    page.wait_for_url("**lane=team")
    tab_to(page, "Claim: Okafor, Ann")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Record outcome: Okafor, Ann")).to_be_visible()
    expect(page.get_by_role("link", name="Record outcome: Okafor, Ann"), "focus stays in the row").to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Spoke with the patient").focus()
    page.keyboard.press("Space")
    tab_to(page, "Save outcome", most=12)
    page.keyboard.press("Enter")
    expect(page.locator(row(page, today.critical))).to_contain_text("Recorded")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Record outcome: Okafor, Ann")).to_be_visible()
    assert WorkItem.objects.get(pk=today.critical.pk).intended is None


def test_the_palette_opens_by_its_chord_and_narrows(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.keyboard.press("Control+k")
    box = page.get_by_label("Type to narrow the list")
    expect(box).to_be_focused()
    box.fill("snooz")
    expect(page.get_by_role("dialog").get_by_role("link")).to_have_count(1)
    expect(page.locator("#palette-count")).to_have_text("1 left")
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue/?lane=snoozed")


def test_single_keys_do_nothing_until_they_are_switched_on(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.goto("/queue/?lane=team")
    page.keyboard.press("?")
    page.keyboard.press("j")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert focused(page) == page.evaluate("document.body.textContent.trim()")
    page.goto("/desk/")
    page.get_by_label("Single-key shortcuts").check()
    page.locator("section", has_text="This screen").get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept for this browser.")).to_be_visible()
    page.goto("/queue/?lane=team")
    page.keyboard.press("j")
    assert "Okafor, Ann" in focused(page)
    page.keyboard.press("c")
    expect(page.get_by_role("link", name="Record outcome: Okafor, Ann")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard and help")).to_be_visible()


def test_what_is_new_is_announced_and_moves_nothing(open_as: Open, dara: User, today: Morning) -> None:
    page = open_as(dara)
    page.goto("/queue/?lane=team")
    before = page.locator("tbody tr").count()
    worklist.put_back(item=today.mine, by=dara, revision=0, now=timezone.now())
    page.evaluate("document.dispatchEvent(new Event('news'))")
    expect(page.locator("#newcomers")).to_contain_text("1 new")
    assert page.locator("#newcomers").get_attribute("role") == "status"
    assert page.locator("tbody tr").count() == before
    page.get_by_role("link", name="Show it").click()
    expect(page.locator("tbody tr")).to_have_count(before + 1)


def test_a_second_nurse_is_told_who_and_takes_over(open_as: Open, dara: User, north: Site, today: Morning) -> None:
    nils = nurse("nils", north, role=Role.NAVIGATOR)
    page = open_as(nils)
    page.goto(f"/items/{today.mine.uid}/")
    expect(page.get_by_text("Dara Example has this item since")).to_be_visible()
    page.get_by_role("link", name="Take over").click()
    page.get_by_label("Why").fill("she is in clinic")
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_text("Yours now")).to_be_visible()
    assert WorkItemAct.objects.filter(act="taken_over", reason="she is in clinic").exists()


def test_the_queue_fits_a_desk_a_phone_and_the_dark(
    open_as: Open, dara: User, north: Site, today: Morning, reply: WorkItem, stray: Inbound, camera: Path
) -> None:
    staff.join(dara, site=north, role=Role.LAB_LIAISON)
    notice = noticed(north, nurse_=dara, now=timezone.now())
    practitioners.delegate(notice.practitioner, to=dara)  # so that one person sees every screen of the day
    for look, phone, dark in (("desk", False, False), ("dark", False, True), ("phone", True, False)):
        page = open_as(dara, phone=phone, dark=dark)
        for name, address in {
            "mine": "/queue/?lane=mine",
            "team": "/queue/?lane=team",
            "capacity": "/queue/capacity/",
            "desk": "/desk/",
            "conversation": f"/items/{reply.uid}/conversation/",
            "whose": f"/intake/{stray.uid}/whose/",
            "notice": f"/notices/{notice.uid}/",
        }.items():
            page.goto(address)
            page.screenshot(path=camera / f"{name}-{look}.png", full_page=True, caret="initial")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} scrolls sideways ({look})"
