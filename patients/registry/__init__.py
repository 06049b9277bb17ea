"""The only writer of patients: who is meant, registering, changing, merging, death and admission."""

from .life import admit, death_hint, discharge, record_death, reverse_death, settle_death_hint
from .matching import Candidate, match
from .merging import Merged, MergeRefused, MergeWaits, merge, records_of, unmerge
from .numbers import retire_identifier
from .resolution import REASONS, Resolution
from .resolving import register, resolve, update

__all__ = [
    "REASONS",
    "Candidate",
    "MergeRefused",
    "MergeWaits",
    "Merged",
    "Resolution",
    "admit",
    "death_hint",
    "discharge",
    "match",
    "merge",
    "record_death",
    "records_of",
    "register",
    "resolve",
    "retire_identifier",
    "reverse_death",
    "settle_death_hint",
    "unmerge",
    "update",
]
