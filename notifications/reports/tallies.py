"""Messages, work and data quality: what each table of theirs counts."""

from __future__ import annotations

from collections.abc import Sequence

from notifications.reports.tally import WEEKS, Hit, Part, Tally
from pathways.reports.rows import Behind

Found = dict[str, list[Hit]]


def _says_texts(found: Found) -> Sequence[str]:
    sent = [hit for hit in found["texts"] if hit.group in ("sent", "delivered", "failed")]
    failed = [hit for hit in sent if hit.group == "failed"]
    stopped = sum(hit.group in ("stop", "stop_intent") for hit in found["replies"])
    return (
        f"{len(sent)} texts went out in {WEEKS} weeks; {len(failed)} failed, {len(found['replies'])} were answered, {stopped} asked us to stop.",
    )


def _says_work(found: Found) -> Sequence[str]:
    again = sum(hit.detail.startswith("asked again") for hit in found["closures"])
    late = sum("past due" in hit.detail for hit in found["ageing"])
    return (
        f"{len(found['arrivals'])} items came and {len(found['closures'])} were closed in {WEEKS} weeks; {again} causes asked again after.",
        f"{len(found['ageing'])} are open, {late} of them past due.",
    )


def _says_quality(found: Found) -> Sequence[str]:
    return (f"{len(found['quarantined'])} messages wait outside; {len(found['anomalies'])} times a journey holds facts that do not fit.",)


MESSAGES = Tally(
    "messages",
    "Messages",
    (
        Part("texts", "Texts by what became of them", "texts", Behind.MESSAGES, "state", "purpose or reason"),
        Part("replies", "What came back", "replies", Behind.REPLIES, "kind", "read"),
    ),
    _says_texts,
    ("Costs stand where texts are planned: the forecast of a programme's dry run.",),
)
WORK = Tally(
    "work",
    "Work",
    (
        Part("ageing", "Open now", "ageing", Behind.ITEMS, "team", "age"),
        Part("arrivals", "Arrived", "arrivals", Behind.ITEMS, "team", "problem"),
        Part("closures", "Closed", "closures", Behind.ITEMS, "team", "outcome"),
    ),
    _says_work,
    ("By team, never by person: a league table teaches people to close items, not to reach patients.",),
)
QUALITY = Tally(
    "data-quality",
    "Data quality",
    (
        Part("quarantined", "Messages outside, by feed", "quarantined", Behind.INBOUND, "feed", "reason"),
        Part(
            "anomalies",
            "Facts that do not fit",
            "anomalies",
            Behind.JOURNEYS,
            "programme",
            "anomaly",
            "Negative intervals, facts no track takes",
        ),
        Part("missing", "Fields that nobody wrote down", "missing", Behind.JOURNEYS, "site", "field"),
    ),
    _says_quality,
    ("Late feeds are marked under what these numbers stand on.",),
)
