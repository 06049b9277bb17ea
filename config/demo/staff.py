"""What the demo's staff do each day: accept candidates, file ends that they were told of, work the queue."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Q, QuerySet

from notifications import notices, worklist
from notifications.models import ItemState, Notice, WorkItem
from pathways import candidates, cascade, journeys
from pathways.models import Journey, Matter, MatterKind, Status
from patients.models import Identifier, Membership, Role, User
from patients.models.staff import CARE

from .course import Course, Step

WORKED_A_DAY = 4  # items that one of the staff ends on an ordinary day
BEGUN = 3  # items that a navigator has in hand this morning
PHONE_HOURS = timedelta(days=2)


class Staff:
    """One hospital's navigator, and whoever else there has a queue."""

    def __init__(self, site: str, navigator: User, courses: Iterable[Course], seed: int) -> None:
        self.site = site
        self.navigator = navigator
        self.followed = {(course.person.mrn, course.pathway) for course in courses}
        self.dice = random.Random(f"staff {seed} {site}")

    def accept_candidates(self, now: datetime) -> int:
        """Everyone whom the cohort knows for this programme is accepted, as a navigator would; the rest is refused."""
        waiting = Matter.objects.filter(kind=MatterKind.CANDIDATE, closed_at__isnull=True, site__code=self.site)
        found = list(waiting.select_related("site", "patient").order_by("pk"))
        names = _numbers([matter.patient_id for matter in found if matter.patient_id]) if found else {}
        for matter in found:
            if any((mrn, matter.detail["pathway"]) in self.followed for mrn in names.get(matter.patient_id or 0, ())):
                candidates.accept(matter=matter, by=self.navigator, now=now)
            else:
                candidates.refuse(matter=matter, reason="not_eligible", by=self.navigator, now=now)
        return len(found)

    def act(self, course: Course, step: Step, now: datetime) -> bool:
        """Staff file what they did or were told: an end with its reason, a confirmation, an answer. False where there is no journey."""
        journey = self._journey(course)
        if journey is None:
            return False
        by = self.navigator
        if step.kind == "exited":
            details = {name: str(value) for name, value in step.data.items()}
            journeys.exit(journey=journey, now=now, by=by, occurred=step.at, **details)
        elif step.kind == "relative_named":
            self._name_relative(journey, step.data["kinship"], now)
        else:
            journeys.record(journey=journey, kind=step.kind, body=step.data, occurred=step.at, now=now, by=by)
        return True

    def _name_relative(self, journey: Journey, kinship: str, now: datetime) -> None:
        counselor = User.objects.get(username="gwen")
        if not cascade.may_name(journey):
            cascade.name_relative(journey=journey, kinship=kinship, by=counselor, now=now)

    def _journey(self, course: Course) -> Journey | None:
        mine = Journey.objects.filter(pathway=course.pathway, status=Status.ACTIVE)
        return mine.filter(patient__identifiers__value=course.person.mrn).first()

    def work_queue(self, now: datetime) -> int:
        """Each takes up what is most urgent among their own: a call, another date, or nobody answers."""
        return sum(self._work(item, by, now) for by, items in self._queues() for item in items[:WORKED_A_DAY])

    def begin(self, now: datetime) -> None:
        """This morning: the navigator has taken up the first few items, and not yet ended them."""
        by, items = next(iter(self._queues()))
        taken = 0
        for item in items[: 4 * BEGUN]:
            with suppress(worklist.Refused):  # what it was opened for may have happened meanwhile
                worklist.claim(item=item, by=by, revision=item.revision, now=now)
                taken += 1
            if taken == BEGUN:
                return

    def _queues(self) -> Iterator[tuple[User, QuerySet[WorkItem]]]:
        waiting = WorkItem.objects.filter(site__code=self.site, state=ItemState.OPEN, shadow=False)
        for by, role in self.crew:
            mine = waiting.filter(Q(owner=None) | Q(owner=by), audience=role).select_related("journey", "patient", "matter", "site")
            if role == Role.CLINICIAN:
                mine = mine.filter(pk__in=notices.for_reader(by).filter(role="responsible", answered_at=None).values("item"))
            yield by, mine.order_by("priority", "due_at", "pk")

    @cached_property
    def crew(self) -> list[tuple[User, str]]:
        """One person a role: those who work items here."""
        others = Membership.objects.filter(site__code=self.site, role__in=CARE[1:]).select_related("user").order_by("role", "pk")
        return [(self.navigator, Role.NAVIGATOR.value), *((one.user, one.role) for one in others)]

    def _work(self, item: WorkItem, by: User, now: datetime) -> bool:
        if item.audience == Role.CLINICIAN:
            return self._answer(notices.for_reader(by).filter(item=item, role="responsible", answered_at=None)[0], by, now)
        try:
            held = worklist.claim(item=item, by=by, revision=item.revision, now=now)
            outcome, details = self._outcome(item, now)
            worklist.finish(item=held, outcome=outcome, by=by, revision=held.revision, now=now, details=details)
        except worklist.Refused:
            return False
        return True

    def _answer(self, notice: Notice, by: User, now: datetime) -> bool:
        """A clinician reads the notice; some say at once what was done, others have only seen it."""
        notices.opened(notice=notice, now=now)
        notices.acknowledge(notice=notice, by=by, now=now)
        if self.dice.random() < 0.6:
            notices.acted(notice=notice, kind="", body={"note": "seen in clinic"}, occurred=now, by=by, now=now)
            return True
        return False

    def _outcome(self, item: WorkItem, now: datetime) -> tuple[str, dict[str, object]]:
        if item.cause_kind == "reply":
            return "read", {}
        if item.cause_kind == "matter":
            return "waiting_on", {"party": "clinic", "until": now + timedelta(days=7)}
        draw = self.dice.random()
        if draw < 0.45:
            return "reached", {}
        if draw < 0.7:
            return "no_answer", {"until": now + PHONE_HOURS}
        return "waiting_on", {"party": "clinic", "until": now + timedelta(days=self.dice.randint(3, 8))}


def _numbers(patients: Iterable[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for patient, value in Identifier.objects.filter(patient__in=list(patients)).values_list("patient_id", "value"):
        found.setdefault(patient, []).append(value)
    return found
