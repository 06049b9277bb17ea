"""Messages, work and data quality: what each table of theirs counts."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.reports.tally import WEEKS, Hit, Part, Tally
from pathways.reports.rows import Behind

Found = dict[str, list[Hit]]


def _says_texts(found: Found) -> Sequence[str]:
    sent = [hit for hit in found["texts"] if hit.group in ("sent", "delivered", "failed")]
    failed = [hit for hit in sent if hit.group == "failed"]
    stopped = sum(hit.group in ("stop", "stop_intent") for hit in found["replies"])
    return (
        _("%(n)s texts went out in %(WEEKS)s weeks; %(failed)s failed, %(replies)s were answered, %(stopped)s asked us to stop.")
        % {"n": len(sent), "WEEKS": WEEKS, "failed": len(failed), "replies": len(found["replies"]), "stopped": stopped},
    )


def _says_work(found: Found) -> Sequence[str]:
    again = sum(hit.detail.startswith("asked again") for hit in found["closures"])
    late = sum("past due" in hit.detail for hit in found["ageing"])
    return (
        _("%(n)s items came and %(closures)s were closed in %(WEEKS)s weeks; %(again)s causes asked again after.")
        % {"n": len(found["arrivals"]), "closures": len(found["closures"]), "WEEKS": WEEKS, "again": again},
        _("%(n)s are open, %(late)s of them past due.") % {"n": len(found["ageing"]), "late": late},
    )


def _says_quality(found: Found) -> Sequence[str]:
    return (
        _("%(n)s messages wait outside; %(anomalies)s times a journey holds facts that do not fit.")
        % {"n": len(found["quarantined"]), "anomalies": len(found["anomalies"])},
    )


MESSAGES = Tally(
    "messages",
    gettext_noop("Messages"),
    (
        Part("texts", gettext_noop("Texts by what became of them"), "texts", Behind.MESSAGES, "state", gettext_noop("purpose or reason")),
        Part("replies", gettext_noop("What came back"), "replies", Behind.REPLIES, "kind", "read"),
    ),
    _says_texts,
    priced=True,
)
WORK = Tally(
    "work",
    gettext_noop("Work"),
    (
        Part("ageing", gettext_noop("Open now"), "ageing", Behind.ITEMS, "team", "age"),
        Part("arrivals", gettext_noop("Arrived"), "arrivals", Behind.ITEMS, "team", "problem"),
        Part("closures", gettext_noop("Closed"), "closures", Behind.ITEMS, "team", "outcome"),
    ),
    _says_work,
    (gettext_noop("By team, never by person: a league table teaches people to close items, not to reach patients."),),
)
QUALITY = Tally(
    "data-quality",
    gettext_noop("Data quality"),
    (
        Part("quarantined", gettext_noop("Messages outside, by feed"), "quarantined", Behind.INBOUND, "feed", "reason"),
        Part(
            "anomalies",
            gettext_noop("Facts that do not fit"),
            "anomalies",
            Behind.JOURNEYS,
            "programme",
            "anomaly",
            gettext_noop("Negative intervals, facts no track takes"),
        ),
        Part("missing", gettext_noop("Fields that nobody wrote down"), "missing", Behind.JOURNEYS, "site", "field"),
    ),
    _says_quality,
    (gettext_noop("Late feeds are marked under what these numbers stand on."),),
)
