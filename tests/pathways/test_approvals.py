"""A row that nobody could verify flags when, and only when, a named person has taken it over."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from pathways import approvals
from pathways.knowledge import load
from pathways.knowledge.evaluate import evaluate
from pathways.knowledge.library import Approval, row_digest, with_approvals
from pathways.models import KnowledgeApproval
from pathways.writing.house import House
from patients import sites, staff
from patients.models import Role, User

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PTEN = "prostate-pten-capivasertib-abiraterone-sensitive"
ANOTHER = "breast-esr1-vepdegestrant-later"


def member(role: Role) -> User:
    site = sites.add(code=f"s-{role}", name="North", time_zone="America/New_York", subdivision="MA", sender_name="North", call_back="")
    user = staff.add(username=role.value, first_name="Petra", last_name="Lund")
    staff.join(user, site=site, role=role)
    return user


def rules_for_lost_pten() -> tuple[str, ...]:
    answer = evaluate(
        [{"gene": "PTEN", "type": "expression", "alteration": "loss of expression", "presence": "present"}],
        stage="IV",
        line=1,
        histology="adenocarcinoma",
        specimen_class="tissue",
        on=date(2026, 11, 1),
        knowledge=House.load(NOW).knowledge,
        tumour="prostate",
        setting="castration_sensitive",
    )
    return answer.rules if answer.kind == "flag_now" else ()


def test_an_unverified_row_never_flags_and_an_approved_one_does() -> None:
    petra = member(Role.CLINICIAN)
    assert rules_for_lost_pten() == ()
    row = approvals.approve(rule=PTEN, by=petra, reason="label read by our tumour board", now=NOW)
    assert (row.by_name, row.on) == ("Petra Lund", NOW.date())
    assert rules_for_lost_pten() == (PTEN,)
    approvals.give_up(rule=PTEN, by=petra, reason="label changed", now=NOW)
    assert rules_for_lost_pten() == ()
    assert KnowledgeApproval.objects.count() == 2


def test_no_unverified_row_is_in_force_without_an_approval() -> None:
    assert {rule.status for rule in load().rules.values() if rule.in_force} == {"verified"}
    assert ANOTHER not in {rule.id for rule in approvals.in_force().rules.values() if rule.in_force}


def test_an_approval_is_of_the_row_as_it_read() -> None:
    known = load()
    other = Approval(PTEN, "0" * 64, "Petra Lund", NOW.date())
    assert not with_approvals(known, frozenset([other])).rules[PTEN].in_force
    same = Approval(PTEN, row_digest(known.rules[PTEN]), "Petra Lund", NOW.date())
    approved = with_approvals(known, frozenset([same]))
    assert approved.rules[PTEN].approved_by == "Petra Lund"
    assert approved.version != known.version
    assert approved is with_approvals(known, frozenset([same]))


@pytest.mark.parametrize(
    ("rule", "role", "reason", "said"),
    [
        ("nothing-of-that-name", Role.CLINICIAN, "read", "no row called nothing"),
        ("ros1-taletrectinib", Role.CLINICIAN, "read", "waits for an approval"),
        (PTEN, Role.NAVIGATOR, "read", "neither clinician"),
        (PTEN, Role.CLINICIAN, " ", "on which ground"),
    ],
)
def test_what_cannot_be_approved_is_said_in_words(rule: str, role: Role, reason: str, said: str) -> None:
    with pytest.raises(approvals.NotApprovable, match=said):
        approvals.approve(rule=rule, by=member(role), reason=reason, now=NOW)
    assert not KnowledgeApproval.objects.exists()


def test_the_command_names_the_person() -> None:
    member(Role.PHARMACIST)
    out = StringIO()
    call_command("knowledge", "approve", PTEN, "--by", "pharmacist", "--reason", "label read", stdout=out)
    call_command("knowledge", "show", stdout=out)
    assert f"{PTEN} approved by Petra Lund" in out.getvalue()
    assert "(approved by Petra Lund" in out.getvalue()
    with pytest.raises(CommandError, match="nobody is called"):
        call_command("knowledge", "approve", PTEN, "--by", "nobody", "--reason", "x")
    call_command("knowledge", "revoke", PTEN, "--by", "pharmacist", "--reason", "label changed", stdout=out)
    with pytest.raises(CommandError, match="is not approved"):
        call_command("knowledge", "revoke", PTEN, "--by", "pharmacist", "--reason", "again", stdout=out)
