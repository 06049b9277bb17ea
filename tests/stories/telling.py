"""The words in which stories are told: a hospital with its feeds and staff, a clock that only the story moves, and what can be seen.

Everything goes in through the real intake and comes out through the real queue and the real outbox; the provider of texts is our own
simulator, called in process. Days count from Monday, 2 March 2026; hours are the hospital's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from config.demo.exchange import InProcess
from notifications import worklist
from notifications.models import Message, WorkItem, WorkItemAlert
from notifications.send import send_due
from notifications.tick import Ticked, tick
from notifications.views.filters import Wanted
from notifications.views.lanes import mine, unclaimed
from notifications.wording.compiler import denied
from pathways import candidates, journeys, rollouts, signing
from pathways.definitions import registry
from pathways.ingest import intake
from pathways.models import Alert, Binding, Coverage, Feed, Journey, Matter, PathwayVersion, Rollout
from patients import practitioners, sites, staff
from patients.models import Patient, Role, Site, User

from .letters import HOSPITAL, Chart, Letter

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 3, 2, tzinfo=NEW_YORK)
MORNING, AFTERNOON = 9, 14
LUNG, GENE_DRUG, RESIDUAL = "nsclc-biomarker", "pgx-reactive", "mrd-surveillance"
ON_FILE = "pgx-preemptive"
STAFF = {
    "dara": Role.NAVIGATOR,
    "lena": Role.LEAD,
    "petra": Role.CLINICIAN,
    "phil": Role.PHARMACIST,
    "lars": Role.LAB_LIAISON,
    "finn": Role.FINANCIAL_COUNSELOR,
    "gwen": Role.GENETIC_COUNSELOR,
}


def day(n: float, hour: int = MORNING) -> datetime:
    """The hour of the `n`-th day after the Monday on which every story begins."""
    return MONDAY + timedelta(days=n, hours=hour)


class Where(msgspec.Struct, frozen=True):
    """Where somebody stands: what the journey's page says at its head, and the open waits by track."""

    phase: str
    status: str
    waits: dict[str, str]
    outcome: str = ""
    exit: str = ""

    def __getitem__(self, track: str) -> str:
        return self.waits.get(track, "")


class Hospital:
    """North Valley Hospital, where both programmes are live."""

    def __init__(self, ledger: Path) -> None:
        self.now = day(-1)
        self.site = sites.add(
            code="north",
            name="North Valley Hospital",
            time_zone="America/New_York",
            subdivision="MA",
            sender_name="North Valley",
            call_back="+16175550190",
        )
        self.people = {name: _joined(name, role, self.site) for name, role in STAFF.items()}
        self.feeds = {name: _feed(name, self.site, registers=name == "ehr") for name in ("ehr", "lab", "exchange", "sheet")}
        self.post = InProcess(ledger)
        self.known: list[Chart] = []
        for pathway in (LUNG, GENE_DRUG, RESIDUAL, ON_FILE):
            self.goes_live(pathway)

    def __getattr__(self, name: str) -> User:
        """Staff by their names: `hospital.dara`."""
        try:
            return self.__dict__["people"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None

    # -- the clock --------------------------------------------------------------------------------------------------------------

    def at(self, n: float, hour: int = MORNING) -> None:
        """It is this hour of this day; nothing happens by itself in between."""
        then = day(n, hour)
        assert then >= self.now, f"the clock stands at {self.now:%a %d %b %H:%M} and never goes back"
        self.now = then

    def tick(self) -> Ticked:
        return tick(now=self.now)

    def send(self) -> int:
        """Sends what may go, carries it to the phones and takes in the receipts; how many texts went out."""
        self.post.begin(self.now)
        accepted = send_due(now=self.now, transport=self.post.transport).accepted
        self.post.finish(self.now)
        return accepted

    def live_until(self, n: int) -> None:
        """Every afternoon until then the clock ticks and texts are sent, as the workers do."""
        first = (self.now.date() - MONDAY.date()).days
        for today in range(first, n + 1):
            if day(today, AFTERNOON) >= self.now:
                self.at(today, AFTERNOON)
                self.tick()
                self.send()

    # -- what comes in ----------------------------------------------------------------------------------------------------------

    def knows(self, given: str = "Ana", family: str = "Alvarez", phone: str = "+16175550101", *, texts: bool = True) -> Chart:
        """Somebody is registered, and agrees to be texted."""
        chart = Chart(len(self.known) + 1, family, given, "1958-04-02", phone, lambda: self.now)
        self.known.append(chart)
        self.hears(chart.registered(), *([chart.agrees_to_texts()] if texts and phone else []))
        return chart

    def stranger(self) -> Chart:
        """Somebody of whom we have not heard yet."""
        chart = Chart(len(self.known) + 1, "Alvarez", f"Ana{len(self.known)}", "1958-04-02", "", lambda: self.now)
        self.known.append(chart)
        return chart

    def in_the_laboratory(self, given: str, family: str = "Alvarez", phone: str = "+16175550101") -> Chart:
        """Stage IV on Monday, test ordered on Tuesday, tissue taken on Wednesday and received on Thursday. Dr. Petra treats them."""
        chart = self.knows(given, family, phone)
        start = (self.now.date() - MONDAY.date()).days
        steps: list[Callable[[], Letter]] = [chart.has_lung_cancer, chart.test_ordered, chart.tissue_taken, chart.tissue_at_lab]
        for n, write in enumerate(steps):
            self.at(max(n, start), max(MORNING, self.now.hour if n <= start else MORNING))
            self.hears(write())
            if n == 0:
                self.is_treated_by(chart, self.petra)
        return chart

    def hears(self, *letters: Letter) -> intake.Counts:
        """The messages come in one after the other through the door; none may be left outside."""
        total = intake.Counts()
        for letter in letters:
            counts = intake.receive([letter.body], feed=self.feeds[letter.feed], now=self.now)
            assert not counts.quarantined, counts.reasons
            total.received += counts.received
            total.applied += counts.applied
            total.duplicate += counts.duplicate
            total.no_effect += counts.no_effect
        return total

    def replies(self, chart: Chart, words: str) -> None:
        """The patient answers by text; the provider passes it on."""
        self.post.reply(chart.phone, words, self.now)

    # -- what staff do ----------------------------------------------------------------------------------------------------------

    def records(self, who: User, chart: Chart, kind: str, pathway: str = LUNG, **body: Any) -> None:
        """A person files on the journey what they know or did."""
        journeys.record(journey=self.journey(chart, pathway), kind=kind, body=body, occurred=self.now, now=self.now, by=who)

    def takes(self, who: User, item: WorkItem) -> WorkItem:
        return worklist.claim(item=item, by=who, revision=item.revision, now=self.now)

    def finishes(self, who: User, item: WorkItem, outcome: str, **details: Any) -> WorkItem:
        item.refresh_from_db()
        return worklist.finish(item=item, outcome=outcome, by=who, revision=item.revision, now=self.now, details=details)

    def accepts(self, who: User, chart: Chart) -> Journey:
        matter = self.matters(chart).get(kind="candidate")
        return candidates.accept(matter=matter, by=who, now=self.now)

    def is_treated_by(self, chart: Chart, who: User, pathway: str = LUNG) -> None:
        """`who` is the responsible clinician of the journey, and has an account here."""
        clinician = practitioners.upsert(npi="1932102134", family="Lund", given="Petra", specialty="Medical oncology")
        assert clinician is not None
        practitioners.give_account(clinician, who)
        Journey.objects.filter(pk=self.journey(chart, pathway).pk).update(responsible=clinician)

    def expects(self, *kinds: str, from_: str, at_least_every: timedelta) -> None:
        """A feed brings these, and is never silent for longer."""
        Feed.objects.filter(name=from_).update(longest_silence=at_least_every)
        for kind in kinds:
            Coverage.objects.create(site=self.site, kind=kind, how=Coverage.How.FED, feed=self.feeds[from_])

    # -- what can be seen -------------------------------------------------------------------------------------------------------

    def patient(self, chart: Chart) -> Patient:
        return Patient.objects.get(identifiers__value=chart.mrn, identifiers__authority=HOSPITAL)

    def journey(self, chart: Chart, pathway: str = LUNG) -> Journey:
        return Journey.objects.get(patient=self.patient(chart), pathway=pathway)

    def journeys(self, chart: Chart) -> list[Journey]:
        return list(Journey.objects.filter(patient=self.patient(chart)))

    def matters(self, chart: Chart) -> Any:
        return Matter.objects.filter(patient=self.patient(chart), closed_at=None)

    def where(self, chart: Chart, pathway: str = LUNG) -> Where:
        journey = self.journey(chart, pathway)
        waits = dict(journey.stays.open().values_list("track", "stage__name"))
        return Where(journey.phase, journey.status, waits, journey.outcome, journey.exit_reason)

    def queue_of(self, who: User) -> list[WorkItem]:
        """What the queue shows this person: their own items and their team's."""
        wanted = Wanted(midnight=self.now)
        return [*mine(who, wanted), *unclaimed(who, wanted)]

    def asked(self, who: User) -> list[str]:
        """The problems in this person's queue, in words."""
        return sorted(item.problem for item in self.queue_of(who))

    def item(self, problem: str, who: User) -> WorkItem:
        (found,) = (item for item in self.queue_of(who) if item.problem == problem)
        return found

    def texts_to(self, chart: Chart) -> list[str]:
        """What stands on the patient's phone from us, by the provider's own book; no word of it may tell what is the matter."""
        rows = self.post.ledger.rows(
            "SELECT body FROM message WHERE recipient = ? AND direction LIKE 'outbound%' ORDER BY n", (chart.phone,)
        )
        bodies = [str(row["body"]) for row in rows]
        assert not [word for body in bodies if (word := denied(body))]
        return bodies

    def everybodys_work(self) -> list[str]:
        """The problems of all open items, whoever is asked."""
        return sorted(WorkItem.objects.filter(state__in=["open", "parked"]).values_list("problem", flat=True))

    def waits_for(self, item: WorkItem) -> str:
        """The words of the stage that an item is about."""
        stay = WorkItemAlert.objects.filter(item=item).select_related("alert__stay__stage").latest("alert_id").alert.stay
        assert stay is not None
        return stay.stage.label

    def milestone(self, chart: Chart, name: str, pathway: str = LUNG) -> str:
        """How the journey's page states a milestone; one that nothing speaks of is unknown."""
        return str(self.journey(chart, pathway).milestones.get(name, ["unknown"])[0])

    def facts_of(self, chart: Chart, pathway: str = LUNG) -> set[str]:
        """Kinds of what is filed with the journey."""
        rows = Binding.objects.filter(journey=self.journey(chart, pathway)).order_by("event_id", "-pk").distinct("event_id")
        return {row.event.kind for row in rows.select_related("event") if row.attached}

    def alerts(self, chart: Chart) -> Any:
        """All alerts that ever rang about the patient."""
        return Alert.objects.filter(stay__journey__patient=self.patient(chart))

    def messages(self, chart: Chart) -> Iterable[Message]:
        return Message.objects.filter(patient=self.patient(chart)).order_by("pk")

    def goes_live(self, pathway: str, accountable: str = "dara") -> None:
        version = PathwayVersion.objects.get(pk=registry.published()[pathway].version_id)
        signing.sign(site=self.site, version=version, by=self.people["lena"], now=self.now)
        rollouts.switch(
            site=self.site,
            pathway=pathway,
            mode=Rollout.Mode.LIVE,
            by=self.people["lena"],
            reason="targets signed",
            now=self.now,
            default_accountable=self.people[accountable],
            texts_from=self.now,
            signed_version=version,
        )


def _joined(name: str, role: Role, site: Site) -> User:
    user = staff.add(username=name, first_name=name.title(), last_name="Example")
    staff.join(user, site=site, role=role)
    return user


def _feed(name: str, site: Site, *, registers: bool) -> Feed:
    return Feed.objects.create(name=name, site=site, time_zone=site.time_zone, assigner=HOSPITAL, system=name, may_register=registers)
