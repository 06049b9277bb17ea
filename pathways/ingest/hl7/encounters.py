"""ADT: admissions, discharges, deaths and merges. Who the person is comes from the PID itself. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pathways.facts import Moment
from pathways.ingest import newborn
from pathways.ingest.message import Merge
from pathways.ingest.when import at
from patients import hl7 as people
from patients.demographics import Demographics

from .part import Part
from .tokens import Message, Segment

MERGES = frozenset({"A18", "A34", "A36", "A39", "A40", "A46", "A47"})
LINKS, UNLINKS = frozenset({"A24"}), frozenset({"A37"})
Numbers = tuple[tuple[str, str], ...]
NOT_INPATIENT = frozenset({"O", "P", "R", "C", "N", "U"})
DIED_HERE, HOSPICE = frozenset({"20", "40", "41", "42"}), frozenset({"50", "51"})


def read(part: Part, trigger: str, person: Demographics) -> None:
    pv1, evn = part.one("PV1"), part.message.one("EVN")
    occurred = part.moment(evn, 6) or part.moment(evn, 2) or at(part.statement.message_at)
    visit = part.id(pv1, 19) or part.id(part.one("PID"), 18)
    inpatient = part.get(pv1, 2).upper() not in NOT_INPATIENT
    begins, ends = part.moment(pv1, 44) or occurred, part.moment(pv1, 45) or occurred
    where = {"facility": part.get(pv1, 39) or part.get(pv1, 3, 4)}
    if trigger in ("A01", "A06") and inpatient:
        part.statement.say("admitted", visit or _dated(begins), begins, where)
    elif trigger == "A11" and visit:
        part.statement.say("admitted", visit, begins, where, retracted=True)
    elif trigger in ("A03", "A07"):
        part.statement.say("discharged", visit or _dated(ends), ends, where)
        if part.get(pv1, 36) in HOSPICE:
            part.statement.say("hospice_started", visit or _dated(ends), ends, {})
    elif trigger == "A13" and visit:
        part.statement.say("discharged", visit, ends, where, retracted=True)
    _death(part, trigger, person, ends)
    if person.birth_lo is not None:
        newborn.born(part.statement, part.get(part.one("PID"), 7))


def _death(part: Part, trigger: str, person: Demographics, ends: Moment | None) -> None:
    """PID-29/30, or a discharge whose disposition is death. `N` in PID-30 and `""` take back a death that this system stated."""
    if person.died:
        stated = Moment(person.died_lo, person.died_hi) if person.died_lo and person.died_hi else None
        part.statement.say("death", "patient", stated, {"dated": stated is not None})
    elif trigger == "A03" and part.get(part.one("PV1"), 36) in DIED_HERE:
        part.statement.say("death", "patient", ends, {"dated": True})
    elif person.alive:
        part.statement.say("death", "patient", at(part.statement.message_at), {"alive": True}, retracted=True)


def died_at_discharge(part: Part, trigger: str, person: Demographics) -> bool:
    return trigger == "A03" and not person.died and part.get(part.one("PV1"), 36) in DIED_HERE


def merge(message: Message, trigger: str, segments: Sequence[Segment], person: Demographics, assigner: str) -> Merge | None:
    """What MRG-1 says became of whom; None where only an account or a visit moved."""
    mrg = next((segment for segment in segments if segment[0] == "MRG"), None)
    if trigger not in MERGES or mrg is None:
        return None
    losers = people.identifiers(message.raw(mrg, 1), separators=message.separators, assigner=assigner)
    loser = tuple((each.authority, each.value) for each in losers)
    survivor = tuple((each.authority, each.value) for each in person.identifiers if (each.authority, each.value) not in loser)
    if not loser or not survivor:
        return None
    return Merge(_at_home(loser, survivor, assigner), _at_home(survivor, loser, assigner))


def _at_home(numbers: Numbers, others: Numbers, assigner: str) -> Numbers:
    """A number without an authority may be the feed's, or of the only one that the other record's numbers name."""
    homes = {authority for authority, _ in others}
    if len(homes) != 1 or assigner in homes:
        return numbers
    (home,) = homes
    same = tuple((home, value) for authority, value in numbers if authority == assigner)
    return tuple(dict.fromkeys((*numbers, *(each for each in same if each not in others))))


def link(trigger: str, first: Demographics, second: Demographics) -> Merge | None:
    """A24 says that two records are one person; A37 that they are not, after all."""
    if trigger not in LINKS | UNLINKS:
        return None
    survivor, loser = (tuple((each.authority, each.value) for each in person.identifiers) for person in (first, second))
    return Merge(loser, survivor, undone=trigger in UNLINKS) if loser and survivor and loser != survivor else None


def _dated(when: Moment | None) -> str:
    return f"@{when.lo.date().isoformat()}" if when else "undated"
