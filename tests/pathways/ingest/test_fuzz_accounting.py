"""Whatever is delivered, torn in every way: received = applied + duplicate + quarantined, every byte is kept, and why is said in words."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathways.ingest import intake
from pathways.ingest.ledger import QUARANTINED
from pathways.models import Feed, Inbound

from .test_fuzz import HL7, ODD, taken, torn, twisted

SEPARATORS = ["|", "^", "~", "\\", "&", "#", "*", ";", "\t", "$", "@", "a", "1", " ", "é", "\x1d"]
BYTES = [b"\xff\xfe", b"\xc3", b"\x00", b"\x0b", b"\x1c\r", b"\xef\xbb\xbf", b"\r\rMSH|", b"BHS|^~\\&|\r", b"\xe2\x80\xa8", b"\x80" * 50]
HEADINGS = ["mrn", "kind", "date", "code", "gene", "presence", "findings", "family", "birth_date", "status", "mrn", "", "test_ordered"]
CELLS = [
    *ODD,
    "diagnosis",
    "result_final",
    "2026-03-01",
    "1/2/2026",
    "EGFR p.L858R; ALK not detected",
    '"',
    "M1",
    "46000",
    "2026-03-01 retracted",
]


@st.composite
def spelled(draw: st.DrawFn) -> bytes:
    """A message in other separators than its sender meant, with stray bytes, or with a field that has no end."""
    text = draw(st.sampled_from(HL7)).decode()
    for one in draw(st.lists(st.sampled_from("|^~\\&"), max_size=2)):
        text = text.replace(one, draw(st.sampled_from(SEPARATORS)), draw(st.sampled_from([1, 7, -1])))
    body = text.encode()
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(body)))
        body = body[:place] + draw(st.sampled_from(BYTES)) + body[place:]
    if draw(st.booleans()):
        place = draw(st.integers(20, len(body)))
        body = body[:place] + draw(st.sampled_from([b" ", b"9", b"^", b"no ", b"\\", b"&"])) * 20_000 + body[place:]
    return body


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A table of columns and cells that nobody meant."""
    names = draw(st.lists(st.sampled_from(HEADINGS), min_size=1, max_size=6))
    rows = draw(st.lists(st.lists(st.sampled_from(CELLS), min_size=1, max_size=7), max_size=4))
    between = draw(st.sampled_from([",", ";", "\t", "|"]))
    return "\n".join(between.join(row) for row in [["mrn", *names], *rows]).encode("utf-8", "replace")


nested = st.builds(
    lambda depth, inner: b'{"resourceType":"Bundle","type":"collection","entry":' * depth + inner + b"}" * depth,
    st.integers(1, 80), st.sampled_from([b"[]", b"null", b"1", b'[{"resource":{"resourceType":"Patient","id":7,"name":"x","birthDate":1960}}]']),
)  # fmt: skip
anything = st.one_of(torn(), spelled(), tables(), nested, twisted().map(lambda each: json.dumps(each).encode()), st.binary(max_size=40))


@settings(max_examples=60)
@given(spelled() | tables() | nested)
def test_whatever_is_spelled_otherwise_is_read_or_set_aside(body: bytes) -> None:
    taken(body)


def balanced(feed: Feed, bodies: list[bytes], now: datetime) -> None:
    before = Inbound.objects.count()
    items = intake.take(bodies, feed=feed, now=now)
    counts = intake.Counts.of(items)
    assert counts.received == len(items) >= len(bodies)
    assert counts.received == counts.applied + counts.duplicate + counts.quarantined
    assert Inbound.objects.count() == before + counts.received
    kept = {bytes(body) for body in Inbound.objects.filter(uid__in=[item.uid for item in items]).values_list("body", flat=True)}
    assert kept == {item.body for item in items}
    for item in items:
        assert item.reason not in ("unforeseen", "could_not_apply"), (item.explanation, item.body[:500])
        assert item.outcome != QUARANTINED or (item.reason and len(item.explanation) > 15)


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(anything, min_size=8, max_size=20))
def test_a_delivery_of_torn_messages_is_accounted_for(hospital: Feed, now: datetime, bodies: list[bytes]) -> None:
    balanced(hospital, bodies, now)


@pytest.mark.nightly
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(anything, min_size=1, max_size=80))
def test_a_night_of_torn_deliveries(hospital: Feed, now: datetime, bodies: list[bytes]) -> None:
    balanced(hospital, bodies, now)
