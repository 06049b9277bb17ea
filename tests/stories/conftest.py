"""The ground of all stories: the shipped programmes, published once, and a hospital of its own for each story, which ends with the doctor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.management.commands.doctor import examine
from pathways.definitions import registry
from pathways.definitions.publish import publish_catalogue
from pathways.ladders import publish_ladders
from pathways.models import PathwayVersion, Rung, Stage

from .telling import Hospital, day


@pytest.fixture(scope="package")
def catalogue(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Publishing takes a second; the rows stay while the stories run and are gone before other tests begin."""
    with django_db_blocker.unblock():
        before = set(Rung.objects.values_list("pk", flat=True))
        versions = {version.pk for version in PathwayVersion.objects.all()}
        publish_catalogue(by=None, now=day(-300))
        publish_ladders()
    yield
    with django_db_blocker.unblock():
        Rung.objects.exclude(pk__in=before).delete()
        Stage.objects.exclude(version__in=versions).delete()
        PathwayVersion.objects.exclude(pk__in=versions).delete()
    registry.clear()


@pytest.fixture
def hospital(catalogue: None, db: None, tmp_path: Path) -> Iterator[Hospital]:
    registry.refresh()
    place = Hospital(tmp_path / "provider.sqlite")
    yield place
    place.post.close()
    place.tick()
    assert examine(now=place.now) == []
