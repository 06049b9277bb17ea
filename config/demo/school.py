"""A training site: a hospital of invented people beside the real ones. Their history comes through the real intake, and goes live at once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import msgspec

from notifications.tick import tick
from pathways import observing, review, rollouts, signing
from pathways.catching_up import catch_up
from pathways.ingest import intake
from pathways.models import Coverage, Feed, PathwayVersion, Rollout
from pathways.observing import Seen
from patients import sites, staff
from patients.models import Patient, Role, Site, User

from . import hl7, messages, story
from .cast import OBSERVED

SENDER = "Training"
CALL_BACK = "+16175550100"
AT_ONCE = 200


class School(msgspec.Struct, frozen=True):
    """What was made. `password` is shown once; blank where the accounts were there before."""

    site: Site
    lead: User
    navigator: User
    password: str
    people: int


def make(*, code: str, name: str, people: int, days: int, now: datetime, seed: int = 1) -> School:
    """Site, two accounts, feed and programmes, then `people` with `days` of history. Safe to repeat: who is there stays.

    Raises:
        ValueError: a real site has this code.
    """
    if Site.objects.filter(code=code, is_training=False).exists():
        raise ValueError(f"{code} is a real site")
    site = sites.add(
        code=code, name=name, time_zone="America/New_York", subdivision="MA", sender_name=SENDER, call_back=CALL_BACK, is_training=True
    )
    known = User.objects.filter(username=f"{code}-lead").exists()
    password = "" if known else secrets.token_urlsafe(12)
    lead, navigator = (_account(f"{code}-{role}", role, site, password) for role in (Role.LEAD, Role.NAVIGATOR))
    if not Patient.objects.filter(sites__site=site).exists():
        feed = _feed(site, lead, now)
        _switch(site, lead, navigator, Rollout.Mode.BACKFILL, now)
        intake.receive(_letters(site, people, days, seed, now), feed=feed, now=now, historical=True)
        _switch(site, lead, navigator, Rollout.Mode.LIVE, now)
        catch_up(now=now)
        for row in Rollout.objects.filter(site=site):
            everything = [(one.what, one.id) for one in review.waiting(row, now=now)]
            review.release_now(rollout=row, picks=everything, by=lead, now=now)
        tick(now=now)
    return School(site, lead, navigator, password, Patient.objects.filter(sites__site=site).count())


def _account(username: str, role: Role, site: Site, password: str) -> User:
    user = staff.add(username=username, first_name="Training", last_name=str(role.label).title(), password=password or None)
    staff.join(user, site=site, role=role)
    return user


def _feed(site: Site, lead: User, now: datetime) -> Feed:
    stated = {"site": site, "time_zone": site.time_zone, "assigner": site.code.upper(), "system": site.code, "may_register": True}
    feed, _ = Feed.objects.get_or_create(name=f"{site.code}-engine", defaults=stated)
    observing.cover(site=site, seen={kind: Seen(Coverage.How.FED, feed) for kind in OBSERVED}, by=lead, now=now)
    return feed


def _switch(site: Site, lead: User, navigator: User, mode: Rollout.Mode, now: datetime) -> None:
    for version in PathwayVersion.objects.filter(status=PathwayVersion.Status.PUBLISHED).order_by("code"):
        if mode == Rollout.Mode.BACKFILL:
            signing.sign(site=site, version=version, by=lead, now=now, note="Training: invented people.")
        rollouts.switch(
            site=site,
            pathway=version.code,
            mode=mode,
            by=lead,
            reason="Training with invented people.",
            now=now,
            default_accountable=navigator,
            release_per_day=AT_ONCE,
        )


def _letters(site: Site, people: int, days: int, seed: int, now: datetime) -> list[bytes]:
    """The letters of the demo's first hospital, in the name of this site, so that no number is anybody's of another."""
    today = now - timedelta(hours=1)
    ours = [course for course in story.cohort(count=people * 2, days=days, seed=seed, today=today) if course.person.site == "harbor"]
    posts = messages.deliveries(ours[:people], seed, today)
    return [post.body.replace(hl7.HOSPITAL.encode(), site.code.upper().encode()) for post in posts]
