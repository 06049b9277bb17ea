"""What must hold of whole lives, generated with holds, corrections, retractions, merges and recurring stages.

500 lives each in `make test`, 20,000 under `make nightly` (`HYPOTHESIS_PROFILE`): any order and any duplication end in the same picture,
a retraction is as if the fact had never been received, settling again changes nothing, waits keep their rows, the ball is always with
exactly one party, and an actionable result leaves the open set only as it may.
"""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pathways.definitions import registry
from pathways.definitions.reading import CATALOG
from pathways.facts import Fact, Rank, content_digest
from pathways.ladders import publish_ladders
from pathways.models import Rollout
from pathways.replay import replay
from pathways.writing.house import House, RolloutState
from patients.models import Site
from tests.pathways.facts import CONTEXT, definition
from tests.pathways.test_replay import histories
from tests.stories.telling import LUNG, RESIDUAL

from . import imagined
from .imagined import NOW, SITE, Said, lives, stays_kept, told

pytestmark = pytest.mark.django_db
LIVES = settings(
    max_examples=max(125, settings.get_profile(settings.get_current_profile_name()).max_examples),  # 500 lives in all, 20,000 each at night
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)


@pytest.fixture
def house(catalogue: None, db: None) -> House:
    registry.refresh()
    publish_ladders()
    Site.objects.create(pk=SITE, code="imagined", name="Imagined")
    house = House.load(NOW)
    house.rollouts = {(SITE, code): RolloutState(Rollout.Mode.STAFF, None) for code in (LUNG, RESIDUAL)}
    return house


@given(life=lives(), chance=st.randoms(use_true_random=False), doubled=st.integers(1, 4))
@LIVES
def test_any_order_and_any_duplication_end_in_the_same_picture(house: House, life: Any, chance: Any, doubled: int) -> None:
    first, rest, last = life
    shuffled = [*rest, *rest[::doubled]]
    chance.shuffle(shuffled)
    assert told(house, [*first, *shuffled, *last]).picture() == told(house, [*first, *rest, *last]).picture()


@given(life=lives(), which=st.integers(0, 50), place=st.integers(0, 50))
@LIVES
def test_a_retraction_is_as_if_the_fact_had_never_been_received(house: House, life: Any, which: int, place: int) -> None:
    first, rest, last = life
    stated = [said for said in rest if said.fact is not None]
    if not stated:
        return
    gone = stated[which % len(stated)]
    assert gone.fact is not None
    never = [said for said in rest if said.fact is None or said.fact.lineage != gone.fact.lineage]
    back = list(rest)
    back.insert(place % (len(back) + 1), Said(gone.record, taken_back(gone.fact)))
    assert told(house, [*first, *back, *last]).picture() == told(house, [*first, *never, *last]).picture()


def taken_back(fact: Fact) -> Fact:
    digest = content_digest(fact.kind, fact.occurred, Rank.CORRECTED, True, fact.keys, fact.body)
    return msgspec.structs.replace(fact, rank=Rank.CORRECTED, retracted=True, digest=digest, issued_at=NOW - timedelta(days=1))


@given(life=lives())
@LIVES
def test_settling_again_changes_nothing_and_waits_keep_their_rows(house: House, life: Any) -> None:
    world = imagined.World(house)
    for said in itertools.chain(*life):
        before = world.ids()
        world.hear(said)
        assert stays_kept(before, world.ids())
    changes = world.again()
    assert not (changes.new_stays or changes.stays or changes.superseded or changes.journeys or changes.events or changes.bindings)
    assert not (changes.matters or changes.closed_matters or changes.withdrawn_stays)


@given(life=lives())
@LIVES
def test_every_open_day_belongs_to_exactly_one_party(house: House, life: Any) -> None:
    """Days per party sum to the time that the journey was open; no two parties have the ball at once, and none is nobody."""
    world = told(house, itertools.chain(*life))
    for journey, timeline in world.timelines():
        spans = [(span.since, span.until or NOW) for span in timeline.balls]
        open_spans = [(stay.entered_at, stay.left_at or NOW) for stay in timeline.stays if stay.track == "main"]
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
        assert sum((until - since for since, until in spans), timedelta()) == sum(
            (left - entered for entered, left in open_spans), timedelta()
        )
        assert all(span.party for span in timeline.balls)
        assert journey.columns["ball"] == (timeline.balls[-1].party if timeline.balls and timeline.balls[-1].until is None else "")


BY_PEOPLE = frozenset({"exited", "voided", "not_actionable_confirmed"})
TUMOURS = sorted(path.stem for path in CATALOG.glob("*-biomarker.yaml"))


@pytest.mark.parametrize("code", TUMOURS)
@given(history=histories)
@LIVES
def test_an_actionable_result_cannot_be_forgotten(code: str, history: list[Fact]) -> None:
    """A journey with one leaves the open set by matched therapy received, by death, or by the coded word of a person; whatever is told."""
    timeline = replay(definition(code), history, CONTEXT)
    flagged = timeline.milestones["flagged_actionable"]
    if timeline.status == "active" or flagged.state != "reached" or flagged.at is None or timeline.ended_at is None:
        return
    if flagged.at > timeline.ended_at:
        return  # it came after the end: a person is asked (`late`, *result changed*)
    said = {fact.kind for fact in history if fact.occurred.lo == timeline.ended_at and not fact.retracted}
    assert timeline.outcome == "matched_therapy" or timeline.exit_reason == "deceased" or said & BY_PEOPLE
