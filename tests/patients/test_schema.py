"""A new database is made in one step, an old one step by step: both end alike."""

from __future__ import annotations

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

OURS = {"patients", "pathways", "notifications", "config"}


def state(*, in_one_step: bool) -> ProjectState:
    return MigrationLoader(None, replace_migrations=in_one_step).project_state()


def test_a_fresh_schema_is_what_the_steps_make() -> None:
    fresh, grown = state(in_one_step=True), state(in_one_step=False)
    assert fresh.models.keys() == grown.models.keys()
    for key in sorted(fresh.models):
        if key[0] in OURS:
            assert _told(fresh, key) == _told(grown, key)


def _told(state: ProjectState, key: tuple[str, str]) -> tuple[object, ...]:
    """What the tables are made of; the order of columns and constraints says nothing."""
    model = state.models[key]
    rules = sorted(repr(each.deconstruct()) for name in ("constraints", "indexes", "triggers") for each in model.options.get(name, []))
    fields = {name: field.deconstruct()[1:] for name, field in model.fields.items()}
    return fields.keys(), sorted(repr(each) for each in fields.items()), rules, set(model.options.get("unique_together") or ())
