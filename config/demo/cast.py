"""The demo's sites, staff, feeds and rollouts, set up through the same verbs that an administrator's screens use."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password

from config.demo.directory import CLINICIANS, Clinician
from pathways import rollouts, signing
from pathways.kinds import FED
from pathways.models import Coverage, Feed, PathwayVersion, Rollout
from patients import practitioners, sites, staff
from patients.models import Role, Site, User

from . import comparison

PASSWORD = "finalmile-demo"  # noqa: S105 (accounts of invented people on this machine)
SITES = (
    ("harbor", "Harbor Medical Center", "America/New_York", "MA", "+16175550100"),
    ("prairie", "Prairie Regional Hospital", "America/Chicago", "IL", "+13125550100"),
)
STAFF = (
    ("dara", "Dara", "Quist", Role.NAVIGATOR, ("harbor",)),
    ("nils", "Nils", "Ames", Role.NAVIGATOR, ("harbor",)),
    ("eli", "Eli", "Ward", Role.NAVIGATOR, ("prairie",)),
    ("lena", "Lena", "Moss", Role.LEAD, ("harbor", "prairie")),
    ("fay", "Fay", "Holt", Role.MANAGER, ("harbor", "prairie")),
    *((one.username, one.given, one.family, Role.CLINICIAN, one.sites) for one in CLINICIANS if one.username),
    ("phil", "Phil", "Orr", Role.PHARMACIST, ("harbor", "prairie")),
    ("gwen", "Gwen", "Tate", Role.GENETIC_COUNSELOR, ("harbor", "prairie")),
    ("lars", "Lars", "Beck", Role.LAB_LIAISON, ("harbor", "prairie")),
    ("finn", "Finn", "Cole", Role.FINANCIAL_COUNSELOR, ("harbor", "prairie")),
    ("ada", "Ada", "Frost", Role.ADMINISTRATOR, ("harbor", "prairie")),
    ("otto", "Otto", "Lane", Role.AUDITOR, ("harbor", "prairie")),
    ("iris", "Iris", "Penn", Role.INTEGRATION, ("harbor", "prairie")),
)
PATHWAYS = (
    "nsclc-biomarker",
    "colorectal-biomarker",
    "breast-biomarker",
    "prostate-biomarker",
    "pgx-reactive",
    "pgx-preemptive",
    "mrd-surveillance",
    "external-result",
    "hereditary-cancer",
    "cascade-testing",
    "population-screening",
    "newborn-screening",
    "nicu-rapid-genome",
)

OBSERVED = tuple(kind for kind in FED if kind not in ("result_communicated", "mtb_reviewed", "persistence_confirmed"))
SILENCE = timedelta(days=5)  # a long weekend passes without a message
FEEDS = (
    # name, site, assigning authority of the hospital's numbers; each is the hospital's integration engine, which carries all its systems
    ("harbor-engine", "harbor", "HARBOR"),
    ("prairie-engine", "prairie", "urn:oid:2.16.840.1.113883.19.5.99"),
)


def is_set_up() -> bool:
    return Feed.objects.filter(name=FEEDS[0][0]).exists()


def set_up(*, since: datetime, mode: Rollout.Mode = Rollout.Mode.LIVE) -> None:
    """Sites, staff, directory, feeds, and all programmes in `mode` at both sites from `since` on; the demo signs for its sites."""
    places = {
        code: sites.add(code=code, name=name, time_zone=zone, subdivision=state, sender_name=name, call_back=call_back)
        for code, name, zone, state, call_back in SITES
    }
    secret = make_password(PASSWORD)  # made once: it is slow on purpose
    people = {name: _account(name, first, last, role, [places[site] for site in at], secret) for name, first, last, role, at in STAFF}
    for one in CLINICIANS:
        if one.username:
            _clinician(one, people[one.username])
    comparison.declare(approved_by=people["petra"], since=since)
    for name, site, assigner in FEEDS:
        _feed(name, places[site], assigner)
    for place in places.values():
        navigator = people["dara" if place.code == "harbor" else "eli"]
        _go_live(place, navigator, people["lena"], since, mode)


def _account(username: str, first: str, last: str, role: Role, places: list[Site], secret: str) -> User:
    user = staff.add(username=username, first_name=first, last_name=last, email=f"{username}@demo.example")
    user.password = secret
    user.save(update_fields=["password"])
    for site in places:
        staff.join(user, site=site, role=role)
    return user


def _clinician(one: Clinician, user: User) -> None:
    practitioner = practitioners.upsert(npi=one.npi, family=one.family, given=one.given, specialty=one.specialty)
    assert practitioner is not None
    practitioners.give_account(practitioner, user)


def _feed(name: str, site: Site, assigner: str) -> None:
    stated = {
        "site": site,
        "time_zone": site.time_zone,
        "assigner": assigner,
        "system": site.code,
        "may_register": True,
        "states_family": True,
    }
    feed, _ = Feed.objects.update_or_create(name=name, defaults={**stated, "longest_silence": SILENCE})
    for kind in OBSERVED:
        Coverage.objects.update_or_create(site=site, kind=kind, defaults={"how": Coverage.How.FED, "feed": feed})


def _go_live(site: Site, navigator: User, lead: User, since: datetime, mode: Rollout.Mode) -> None:
    for code in PATHWAYS:
        version = PathwayVersion.objects.get(code=code, status=PathwayVersion.Status.PUBLISHED)
        signing.sign(site=site, version=version, by=lead, now=since, note="Demonstration: targets for invented people.")
        rollouts.switch(
            site=site,
            pathway=code,
            mode=mode,
            by=lead,
            reason="Demonstration with invented people.",
            now=since,
            default_accountable=navigator,
            signed_version=version,
        )


def navigators() -> dict[str, User]:
    """Who works the queue of each site."""
    return {site: User.objects.get(username="dara" if site == "harbor" else "eli") for site, *_ in SITES}
