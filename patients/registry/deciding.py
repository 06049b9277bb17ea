"""Who is meant by each message of a batch. Pure: rows come in, decisions go out.

Messages are taken in order, so that a batch gives what the same messages one by one would have given: the second message of a
newcomer finds the patient whom the first one made. Newcomers carry negative ids until they are written.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from patients.demographics import Demographics, StatedIdentifier

from .known import Known, Saying, fold, is_another_person
from .resolution import MATCHED, REGISTERED, Resolution, unresolved

Number = tuple[str, str]
"""(authority, value)"""


@dataclass(slots=True)
class Batch:
    """The batch as far as it has been read. `owners` follow merges, `records` do not. `known` is what we know of each patient now, `before` what it
    was of those of whom something new was said; `said` are all who were spoken of."""

    owners: dict[Number, int]
    records: dict[Number, int]
    known: dict[int, Known]
    how: Saying
    said: set[int] = field(default_factory=set)
    added: dict[Number, tuple[int, str]] = field(default_factory=dict)
    newcomers: int = 0
    before: dict[int, Known] = field(default_factory=dict)

    def place(self, said: Demographics) -> Resolution:
        """Decide one message and remember what it says."""
        if not said.identifiers:
            return unresolved("no_identifier")
        authorities = tuple(number.authority for number in said.identifiers)
        owners = tuple(dict.fromkeys(owner for number in said.identifiers if (owner := self.owners.get((number.authority, number.value)))))
        if len(owners) > 1:
            return unresolved("identifiers_disagree", authorities=authorities, candidates=tuple(o for o in owners if o > 0))
        if owners:
            return self._matched(owners[0], said, authorities)
        return self._newcomer(said) if self.how.registers else unresolved("unknown_patient", authorities=authorities)

    def _matched(self, owner: int, said: Demographics, authorities: tuple[str, ...]) -> Resolution:
        if is_another_person(self.known[owner], said):
            return unresolved("recycled_identifier", authorities=authorities, candidates=(owner,) if owner > 0 else ())
        record, before = self._record(owner, said), self.known[owner]
        self._hear(owner, said, record)
        after = self.known[owner]
        alive_at = after.life_at if after.died_hi is None else None
        revived = before.died_hi is not None and after.died_hi is None
        return Resolution(owner, MATCHED, record_id=record, born=after.birth_lo, alive_at=alive_at, revived=revived)

    def _newcomer(self, said: Demographics) -> Resolution:
        self.newcomers += 1
        owner = -self.newcomers
        self.known[owner] = Known()
        self._hear(owner, said, owner)
        return Resolution(owner, REGISTERED, record_id=owner)

    def _record(self, owner: int, said: Demographics) -> int:
        """The one record whose numbers are stated; the survivor where numbers of several merged records stand together."""
        named = {self.records[number] for each in said.identifiers if (number := (each.authority, each.value)) in self.records}
        return named.pop() if len(named) == 1 else owner

    def _hear(self, owner: int, said: Demographics, record: int) -> None:
        self.said.add(owner)
        before = self.known[owner]
        after = self.known[owner] = fold(before, said, self.how)
        if after is not before and owner > 0:
            self.before.setdefault(owner, before)
        for number in said.identifiers:
            self._own(owner, number, record)

    def _own(self, owner: int, number: StatedIdentifier, record: int) -> None:
        """A number not heard before belongs to the record beside whose number it stands."""
        name = (number.authority, number.value)
        if name not in self.owners:
            self.owners[name] = owner
            self.records[name] = record
            self.added[name] = (record, number.type)
