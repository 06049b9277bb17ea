"""A hospital with a feed that may register, a laboratory's that may not, and the lung programme in force."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from pathways.definitions import publish, registry
from pathways.models import Feed
from patients.models import Site


@pytest.fixture
def door(db: None) -> Iterator[Feed]:
    """A feed at a site where no programme is in force: nothing listens."""
    registry.clear()
    site = Site.objects.create(code="north", name="North Valley Hospital")
    yield Feed.objects.create(name="ehr", site=site, system="ehr", assigner="HOSP", may_register=True)
    registry.clear()


@pytest.fixture
def hospital(door: Feed) -> Feed:
    publish.publish(path=publish.CATALOG / "nsclc-biomarker.yaml", by=None, now=datetime(2026, 1, 1, tzinfo=UTC))
    return door


@pytest.fixture
def laboratory(hospital: Feed) -> Feed:
    """A feed of results: it never says who somebody is."""
    return Feed.objects.create(name="lab", site=hospital.site, system="lab", assigner="HOSP")
