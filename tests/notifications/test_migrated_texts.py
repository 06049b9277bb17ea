"""Somebody is texted once for a wait and a rung, whichever version's rung it is."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.models import Message
from notifications.plan import plan
from pathways import migrating
from pathways.models import Alert, Journey
from pathways.sweep import ring
from patients.models import Site
from tests.pathways.said import OSIMERTINIB, fact
from tests.pathways.test_journeys import DAY, MONDAY, site, somebody, tell, the_course
from tests.pathways.test_migrating import LUNG, changed

__all__ = ["site"]  # the fixture
pytestmark = pytest.mark.django_db


def later(body: dict[str, Any]) -> None:
    body["tracks"]["main"]["stages"]["pickup"]["within"] = "15 working days"


@pytest.mark.parametrize(("handed_out", "texts"), [(True, 1), (False, 2)])
def test_a_moved_deadline_texts_nobody_twice(site: Site, handed_out: bool, texts: int) -> None:
    """The drug lies ready and Ana was reminded; the new version allows three weeks, so the reminder comes due again."""
    ana = somebody(site)
    ordered = fact("drug_ordered", MONDAY + 15 * DAY, "D1", keys=("placer:D1",), body={"drugs": [OSIMERTINIB]})
    ready = fact("drug_dispensed", MONDAY + 21 * DAY, "D2", keys=("placer:D1",), body={"drugs": [OSIMERTINIB], "handed_over": False})
    tell(ana, site, *the_course(), ordered, ready, now=MONDAY + 21 * DAY)
    stay = Journey.objects.get(patient=ana).stays.open().get(track="main")
    assert stay.stage.name == "pickup"
    for days in (22, 23):
        ring(now=MONDAY + days * DAY + DAY / 4)
        plan(now=MONDAY + days * DAY + DAY / 4)
    assert Message.objects.filter(stay=stay).count() == 1
    if handed_out:
        Message.objects.filter(stay=stay).update(attempt=1, state="delivered")
    new = changed(later, now=MONDAY + 23 * DAY)
    target = migrating.target(new, clock="recompute", stages={})
    migrating.migrate(pathway=LUNG, plan=target, site=site, by=None, now=MONDAY + 23 * DAY + DAY / 3)
    for days in range(24, 43):
        ring(now=MONDAY + days * DAY + DAY / 4)
        plan(now=MONDAY + days * DAY + DAY / 4)
    assert Alert.objects.filter(stay=stay, audience="patient").count() == 2
    assert Message.objects.filter(stay=stay).count() == texts
