"""A morning at the desk: the rows that the screens show, made directly so that a screen's test needs no engine.

Journeys here are not replayed; what a screen says of a replayed journey is the business of the stories.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from notifications.models import Message, Reply, WorkItem, WorkItemAlert
from pathways.definitions import registry
from pathways.definitions.publish import CATALOG, publish
from pathways.facts import Grade
from pathways.models import Alert, Binding, Event, Feed, Inbound, Journey, Matter, PathwayVersion, Rollout, Rung, Stage, Stay
from pathways.timeline import PHASES
from patients.models import Patient, Phone, Site, User
from tests.people import consents, registered, stated

DAY = timedelta(days=1)
PATHWAY = "nsclc-biomarker"


_rows: list[Any] = []


def published(now: datetime) -> PathwayVersion:
    """The lung programme as it ships. Read and checked once a run; after that its rows are simply put back."""
    found = PathwayVersion.objects.filter(code=PATHWAY).first()
    if found is None and not _rows:
        found = publish(path=CATALOG / f"{PATHWAY}.yaml", by=None, now=now)
        _rows.extend([found, list(Stage.objects.filter(version=found).order_by("pk")), list(Rung.objects.filter(stage__version=found))])
    if found is None:
        found, stages, rungs = _rows
        PathwayVersion.objects.bulk_create([found])
        Stage.objects.bulk_create(stages)
        Rung.objects.bulk_create(rungs)
        registry.clear()
    return found


@dataclass
class Desk:
    """One published programme, live at `site`, with whatever is put on it."""

    site: Site
    now: datetime
    numbers: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.version = published(self.now - 90 * DAY)
        self.feed, _ = Feed.objects.get_or_create(
            name=f"{self.site.code}-lab",
            defaults={"site": self.site, "heard_at": self.now - DAY / 48, "data_as_of": self.now - DAY / 48, "longest_silence": DAY},
        )

    def go_live(self, accountable: User) -> Rollout:
        return Rollout.objects.create(site=self.site, pathway=PATHWAY, mode="live", default_accountable=accountable, texts_from=self.now)

    def patient(self, family: str, given: str, born: date, *, phone: str = "", sex: str = "female") -> Patient:
        number = f"{4000 + next(self.numbers)}"
        said = stated(
            number, family, given, born, sex=sex, language="en", phones=(phone,) if phone else (), authority=f"{self.site.code}-MRN"
        )
        patient = registered(said, site=self.site, now=self.now - 60 * DAY)
        return consents(patient, now=self.now - 60 * DAY) if phone else patient

    def journey(self, patient: Patient, *, days: int, phase: str = "identified", accountable: User | None = None, **more: Any) -> Journey:
        """A journey that began `days` ago and stands in `phase`; the phases before it were reached on the way."""
        began = self.now - days * DAY
        phases = list(PHASES)
        reached = phases[: phases.index(phase) + 1]
        times = {f"{name}_at": began + n * days * DAY / (len(phases) + 1) for n, name in enumerate(reached)}
        milestones = {name: ["reached", times[f"{name}_at"].isoformat(), "x"] for name in reached}
        journey = Journey(
            patient=patient,
            pathway=PATHWAY,
            version=self.version,
            primary_group="lung",
            entry="advanced",
            found_by="coded_diagnosis",
            home_site=self.site,
            accountable=accountable,
            opened_at=began,
            milestones=milestones,
            phase=phase,
            **times,
            **more,
        )
        journey.save()
        self.event(journey, "enrolled", began, {"entry": "advanced"}, grade=Grade.RULE, system="finalmile")
        return journey

    def event(self, journey: Journey, kind: str, at: datetime, body: dict[str, Any], *, grade: int = 4, system: str = "Epic") -> Event:
        number = next(self.numbers)
        event = Event.objects.create(
            patient=journey.patient,
            kind=kind,
            lineage=f"{system}|{kind}|{journey.pk}-{number}",
            rank=2,
            digest=f"{number:064d}",
            grade=grade,
            occurred_lo=at,
            occurred_hi=at,
            received_at=at + DAY / 24,
            body=body,
        )
        Binding.objects.create(event=event, journey=journey, how="order", at=at)
        return event

    def wait(self, journey: Journey, stage: str, *, since: int, due: float, left: float | None = None) -> Stay:
        """A stay entered `since` days ago, due `due` days ago (negative: still to come), left `left` days ago."""
        track, _, name = stage.partition(".")
        row = Stage.objects.get(version=self.version, track=track, name=name)
        stay = Stay.objects.create(
            journey=journey,
            stage=row,
            track=row.track,
            root_lineage="x",
            entered_at=self.now - since * DAY,
            due_at=self.now - due * DAY,
            left_at=None if left is None else self.now - left * DAY,
            rung_at=[self.now - due * DAY, self.now + 4 * DAY],
            rang_through=self.now if due > 0 else None,
        )
        Journey.objects.filter(pk=journey.pk).update(ball=row.ball)
        return stay

    def item(self, stay: Stay, *, audience: str = "navigator", priority: int = 5, owner: User | None = None, **more: Any) -> WorkItem:
        """The work item that this wait's alert became."""
        journey = stay.journey
        item = WorkItem.objects.create(
            cause_kind="problem",
            cause_key=f"{journey.pk}:{stay.stage.problem}",
            site=journey.home_site,
            patient=journey.patient,
            journey=journey,
            problem=stay.stage.problem,
            audience=audience,
            priority=priority,
            opened_at=stay.due_at or self.now,
            due_at=(stay.due_at or self.now) + 2 * DAY,
            owner=owner,
            claimed_at=self.now if owner else None,
            state=more.pop("state", "claimed" if owner else "open"),
            **more,
        )
        rung = stay.stage.rungs.get(n=0)
        assert stay.due_at is not None
        alert = Alert.objects.create(
            stay=stay, rung=rung, round=1, audience=rung.audience, due_at=stay.due_at, rang_at=stay.due_at, mode="live", planned_at=self.now
        )
        WorkItemAlert.objects.create(alert=alert, item=item)
        return item

    def candidate(self, patient: Patient, *, days: int = 2) -> Matter:
        event = Event.objects.create(
            patient=patient,
            kind="referral",
            lineage=f"Epic|referral|{patient.pk}",
            rank=2,
            digest=f"{patient.pk:064d}",
            grade=4,
            occurred_lo=self.now - days * DAY,
            occurred_hi=self.now - days * DAY,
            received_at=self.now - days * DAY,
            body={"text": "Lung mass, for biopsy", "specialty": "pulmonology"},
        )
        detail = {
            "pathway": PATHWAY,
            "entry": "suspected",
            "primary_group": "lung",
            "found_by": "referral",
            "opened_at": (self.now - days * DAY).isoformat(),
            "laterality": "",
            "basis": event.lineage,
        }
        times = {"opened_at": self.now - days * DAY, "due_at": self.now - (days - 2) * DAY}
        return Matter.objects.create(
            kind="candidate", subject=f"{patient.pk}:{PATHWAY}", site=self.site, patient=patient, detail=detail, **times
        )

    def texts(self, journey: Journey, phone: Phone) -> None:
        """A reminder that arrived, and what the patient wrote back."""
        common = {"journey": journey, "patient": journey.patient, "recipient": journey.patient.person, "phone": phone}
        sent = self.now - 2 * DAY
        Message.objects.create(
            purpose="reminder",
            wording="visit",
            state="delivered",
            created_at=sent,
            not_before=sent,
            sent_at=sent,
            body=f"{self.site.sender_name}: please call us about your next visit at {self.site.call_back}. Reply STOP to end.",
            **common,
        )
        Message.objects.create(
            purpose="reminder",
            wording="visit-second",
            state="withdrawn",
            reason="patient replied",
            created_at=sent + DAY,
            not_before=sent + DAY,
            **common,
        )
        Reply.objects.create(
            provider_sid=f"SM{journey.pk}",
            phone=phone,
            to="+15550100000",
            body="I can come on Thursday morning. Is that OK?",
            kind="text",
            patient=journey.patient,
            received_at=sent + DAY / 12,
        )

    def quarantined(self, *, reason: str, explanation: str, body: bytes = b"MSH|^~\\&|LAB|NORTH") -> Inbound:
        number = next(self.numbers)
        return Inbound.objects.create(
            feed=self.feed,
            format="hl7v2",
            type="ORU^R01",
            control_id=f"M{number}",
            digest=f"{number:064d}",
            received_at=self.now - number * DAY / 24,
            body=body,
            outcome="quarantined",
            reason=reason,
            explanation=explanation,
        )
