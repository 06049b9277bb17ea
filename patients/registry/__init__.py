"""The only writer of patients: who is meant, registering, changing, merging, death and admission."""

from .by_hand import LooksAlike, NumberOfAnother, add_what_is_new, register_by_hand
from .known import Saying
from .life import admit, death_hint, discharge, record_death, reverse_death, settle_death_hint
from .matching import Candidate, match
from .merging import Merged, MergeRefused, MergeWaits, merge, records_named, records_of, seen_at, unmerge
from .numbers import retire_identifier
from .parting import Told, give_back
from .pseudonyms import NoPseudonym, lift_pseudonym, open_pseudonym
from .resolution import REASONS, Resolution
from .resolving import register, resolve, update
from .writing import lock

__all__ = [
    "REASONS",
    "Candidate",
    "LooksAlike",
    "MergeRefused",
    "MergeWaits",
    "Merged",
    "NoPseudonym",
    "NumberOfAnother",
    "Resolution",
    "Saying",
    "Told",
    "add_what_is_new",
    "admit",
    "death_hint",
    "discharge",
    "give_back",
    "lift_pseudonym",
    "lock",
    "match",
    "merge",
    "open_pseudonym",
    "record_death",
    "records_named",
    "records_of",
    "register",
    "register_by_hand",
    "resolve",
    "retire_identifier",
    "reverse_death",
    "seen_at",
    "settle_death_hint",
    "unmerge",
    "update",
]
