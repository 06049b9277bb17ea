"""An administrator's first hour: what is set up, what is missing, and where each is set. Each check is a question with an answer in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import holidays
import msgspec
from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config import digests, grants
from config.models import Heartbeat
from notifications.models import Channel, Message
from notifications.wording import rules
from pathways import signing
from pathways.definitions import registry
from pathways.models import Coverage, Feed, Journey, Rollout
from pathways.views.coverage import awaited_by
from patients import access
from patients.models import AccessLog, Membership, Role, Site, SiteHoliday
from patients.templatetags.finalmile import moment, words

WORKS_WITHIN = timedelta(minutes=5)
BACKUP_WITHIN = timedelta(hours=26)
"""A daily backup and two hours for it to run (local default)."""
SIGNED = (signing.State.SIGNED, signing.State.NOTHING)
NEEDED = (Role.LEAD, Role.NAVIGATOR, Role.LAB_LIAISON, Role.AUDITOR)


class Check(msgspec.Struct, frozen=True):
    """`ok` None: nothing is wrong, but somebody should look. `where` is a path of ours, `how` the page of the docs or a command."""

    question: str
    ok: bool | None
    answer: str
    where: str = ""
    how: str = ""


class Section(msgspec.Struct, frozen=True):
    title: str
    checks: list[Check]

    @property
    def to_do(self) -> list[Check]:
        """What is missing, then what somebody should look at."""
        return sorted((check for check in self.checks if not check.ok), key=lambda check: check.ok is None)

    @property
    def good(self) -> list[Check]:
        return [check for check in self.checks if check.ok]

    @property
    def missing(self) -> int:
        return sum(check.ok is False for check in self.checks)


def sections(sites: list[Site], *, now: datetime) -> list[Section]:
    """Each site first, whose administrator sets most of it here; then the installation, which takes whoever runs the server."""
    house = Section(_("This installation"), [*_machine(now), *_doors(), *_digests(now), *_provider(), *_programmes()])
    return [*(Section(str(site), list(_site(site, now))) for site in sites), house]


def _machine(now: datetime) -> Iterator[Check]:
    beats = dict(Heartbeat.objects.values_list("name", "at"))
    tick, backup = beats.get("tick"), beats.get("backup")
    running = tick is not None and now - tick <= WORKS_WITHIN
    yield Check(
        _("Do the workers run?"),
        running,
        _("the last tick ended %(at)s") % {"at": _at(tick)} if tick else _("no tick has ended yet"),
        how="celery -A config worker, celery -A config beat",
    )
    recent = backup is not None and now - backup <= BACKUP_WITHIN
    said = _("the last backup ended %(at)s") % {"at": _at(backup)} if backup else _("nobody has told of a backup")
    yield Check(_("Is there a backup?"), recent, said, how="manage.py backed_up")
    protected = _is_protected()
    yield Check(
        _("Can the application rewrite the past?"),
        protected,
        _("no: its role may not change append-only tables") if protected else _("yes: give it a role of its own"),
        how="DATABASE_OWNER_URL, manage.py setup",
    )
    outside = bool(settings.AUDIT_ANCHOR_FILE or settings.AUDIT_ANCHOR_EMAIL)
    yield Check(
        _("Is the access log's newest seal kept outside?"),
        outside,
        _("in a file or by mail, daily") if outside else _("only in the process's log"),
        how="AUDIT_ANCHOR_FILE",
    )
    late = AccessLog.objects.filter(seal=None, at__lt=now - access.SEALED_WITHIN).exists()
    yield Check(
        _("Is the access log sealed?"),
        not late,
        _("rows wait for their seal") if late else _("every row of more than a quarter of an hour ago"),
    )


def _is_protected() -> bool:
    table = grants.APPEND_ONLY[0]._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(current_user, %s, 'UPDATE')", [table])
        return not cursor.fetchone()[0]


def _doors() -> Iterator[Check]:
    everybody = "all" in settings.MFA_REQUIRED_ROLES
    asked = _("of everybody") if everybody else ", ".join(settings.MFA_REQUIRED_ROLES) or _("of nobody")
    yield Check(_("Is a second factor asked for?"), bool(settings.MFA_REQUIRED_ROLES), asked, how="MFA_REQUIRED_ROLES")
    idle = settings.SESSION_IDLE
    yield Check(
        _("Do idle sessions end soon?"),
        idle <= timedelta(minutes=30),
        _("after %(n)d minutes") % {"n": idle.total_seconds() // 60},
        how="SESSION_IDLE_MINUTES",
    )
    single = bool(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"])
    yield Check(_("Is there single sign-on?"), single or None, _("yes") if single else _("no: passwords of our own"), how="OIDC_SERVER_URL")
    mails = "smtp" in settings.EMAIL_BACKEND
    yield Check(_("Do mails go out?"), mails, _("through the mail server") if mails else _("no: they are printed"), how="EMAIL_URL")


def _digests(now: datetime) -> Iterator[Check]:
    """Whose weekly report stays away believes that nothing happened: the mail server's refusals are the administrator's to mend."""
    faults = digests.troubled(now=now)
    said = ", ".join(f"{reason} ({n})" for reason, n in faults.items())
    yield Check(
        _("Do reports by e-mail arrive?"),
        not faults,
        _("not all of the last week: %(said)s") % {"said": said} if faults else _("none failed in the last week"),
        how="EMAIL_URL",
    )


def _provider() -> Iterator[Check]:
    real = "twilio.com" in settings.TWILIO_API_URL
    yield Check(
        _("Do texts reach telephones?"),
        real or None,
        _("through the provider") if real else _("no: they go to the simulator"),
        how="TWILIO_API_URL",
    )
    sender = bool(settings.TWILIO_MESSAGING_SERVICE_SID or settings.TWILIO_FROM_NUMBER)
    yield Check(
        _("Is there a sender?"), sender, _("yes") if sender else _("no number, no messaging service"), how="TWILIO_MESSAGING_SERVICE_SID"
    )
    faults = len(list(rules.check()))
    yield Check(
        _("Do the texts keep their rules?"),
        not faults,
        _("all of them") if not faults else _("%(n)d faults") % {"n": faults},
        reverse("texts"),
        "manage.py wording check",
    )


def _programmes() -> Iterator[Check]:
    codes = sorted(registry.published())
    yield Check(
        _("Are programmes published?"),
        bool(codes),
        _("%(n)d of them") % {"n": len(codes)} if codes else _("none"),
        reverse("catalogue"),
        "manage.py setup",
    )


def _site(site: Site, now: datetime) -> Iterator[Check]:
    here = {"site": site.code}
    yield from _calendar(site, now)
    signed = bool(site.sender_name and site.call_back)
    yield Check(
        _("Do texts say who writes and whom to call?"),
        signed,
        f"{site.sender_name or '–'}, {site.call_back or '–'}",
        reverse("site", kwargs=here),
    )
    held = set(Membership.objects.filter(site=site, until=None, user__is_active=True).values_list("role", flat=True))
    missing = [str(Role(role).label) for role in NEEDED if role not in held]
    yield Check(
        _("Are its people here?"),
        not missing,
        _("missing: %(roles)s") % {"roles": ", ".join(missing)} if missing else _("all roles are held"),
        reverse("people"),
    )
    yield from _feeds(site, now)
    yield from _coverage(site)
    yield from _going_live(site, now)
    yield from _begun(site)


def _calendar(site: Site, now: datetime) -> Iterator[Check]:
    states = holidays.list_supported_countries().get(site.country)
    known = states is not None and (not states or site.subdivision in states)
    where = reverse("site", kwargs={"site": site.code})
    yield Check(
        _("Is its calendar known?"),
        known,
        f"{site.time_zone}, {site.country} {site.subdivision}" if known else _("public holidays of its state are missing"),
        where,
    )
    own = SiteHoliday.objects.filter(site=site, on__gte=now.date()).count()
    yield Check(
        _("Are its own closed days entered?"),
        own > 0 or None,
        _("%(n)d to come") % {"n": own} if own else _("none beside public holidays"),
        where,
    )


def _feeds(site: Site, now: datetime) -> Iterator[Check]:
    feeds = list(Feed.objects.filter(site=site))
    unheard = [feed.name for feed in feeds if feed.heard_at is None]
    silent = [feed.name for feed in feeds if feed.heard_at and feed.longest_silence and now - feed.heard_at > feed.longest_silence]
    if not feeds:
        answer = _("none: everything is entered by hand")
    elif unheard:
        answer = _("never heard: %(names)s") % {"names": ", ".join(unheard)}
    else:
        answer = (
            _("silent too long: %(names)s") % {"names": ", ".join(silent)}
            if silent
            else ngettext("%(n)d feed speaks", "%(n)d feeds speak", len(feeds)) % {"n": len(feeds)}
        )
    yield Check(_("Do its feeds speak?"), None if not feeds else not unheard and not silent, answer, reverse("feeds"), "manage.py feed")
    unlimited = [feed.name for feed in feeds if feed.longest_silence is None and not feed.expectations.exists()]
    if feeds:
        yield Check(
            _("Would their silence be noticed?"),
            not unlimited,
            _("not of: %(names)s") % {"names": ", ".join(unlimited)} if unlimited else _("yes"),
            reverse("feeds"),
        )


def _coverage(site: Site) -> Iterator[Check]:
    said = set(Coverage.objects.filter(site=site).values_list("kind", flat=True))
    open_kinds = sorted(set(awaited_by()) - said)
    answer = (
        _("nobody has said of %(n)d kinds of events") % {"n": len(open_kinds)}
        if open_kinds
        else _("of every kind that a programme waits for")
    )
    yield Check(_("Is it said what can be seen here?"), not open_kinds, answer, reverse("coverage", kwargs={"site": site.code}))


def _going_live(site: Site, now: datetime) -> Iterator[Check]:
    rollouts = list(Rollout.objects.filter(~Q(mode=Rollout.Mode.OFF), site=site))
    where = reverse("rollouts")
    yield Check(
        _("Has a programme begun?"),
        bool(rollouts) or None,
        _by_mode(rollouts) or _("none yet"),
        where,
    )
    nobody = [words(one.pathway) for one in rollouts if one.default_accountable is None or not one.default_accountable.is_active]
    if rollouts:
        yield Check(
            _("Is somebody accountable for each?"),
            not nobody,
            _("nobody for %(names)s") % {"names": ", ".join(nobody)} if nobody else _("yes"),
            where,
        )
    unsigned = [words(one.pathway) for one in rollouts if _is_unsigned(one, now)]
    if rollouts:
        yield Check(_("Are their targets signed?"), not unsigned, ", ".join(unsigned) or _("yes"), where)


def _begun(site: Site) -> Iterator[Check]:
    """The end of the first hour: a patient is followed, and a text has gone out."""
    followed = Journey.objects.filter(home_site=site).exists()
    yield Check(
        _("Is anybody followed here?"),
        followed or None,
        _("yes") if followed else _("nobody yet: a navigator registers the first under Patients, or a feed brings them"),
    )
    texted = Message.objects.filter(journey__home_site=site, channel=Channel.SMS, sent_at__isnull=False).exists()
    yield Check(
        _("Has a text gone out?"),
        texted or None,
        _("yes")
        if texted
        else _(
            "none yet: texts need a patient who agreed, a live programme, and a feed that would tell of what is awaited; else a navigator is asked to call"
        ),
    )


def _by_mode(rollouts: list[Rollout]) -> str:
    """`live: 13; shadow: 2`: which they are stands a click away."""
    counted = Counter(str(one.get_mode_display()) for one in rollouts)
    return "; ".join(f"{mode}: {n}" for mode, n in sorted(counted.items()))


def _is_unsigned(rollout: Rollout, now: datetime) -> bool:
    version = signing.in_force(rollout.pathway)
    return version is not None and signing.state(site=rollout.site, version=version, now=now) not in SIGNED


def _at(when: datetime | None) -> str:
    return str(moment(when)) if when else ""
