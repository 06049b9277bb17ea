"""The edges of a state field as data, for set-based SQL that must not allow what the state machine forbids."""

from __future__ import annotations

from django.db import models
from django_fsm import FSMField


def edges(model: type[models.Model], name: str) -> list[tuple[str, str]]:
    """All (source, target) pairs of the django-fsm field `name` of `model`, sorted; `*` sources are written out."""
    field = model._meta.get_field(name)
    assert isinstance(field, FSMField)
    states = [str(value) for value, _label in field.choices or ()]
    pairs: set[tuple[str, str]] = set()
    for transition in field.get_all_transitions(model):
        sources = states if transition.source in ("*", "+") else [str(transition.source)]
        pairs.update((source, str(transition.target)) for source in sources if source != str(transition.target))
    return sorted(pairs)
