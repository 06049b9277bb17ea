"""What a reader holds is counted by an index, whoever she is: in a big house that count must not need the whole table of work items."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.utils import timezone

from notifications.views import pages
from notifications.views.filters import Wanted
from pathways.sql import prepared
from patients.models import Site
from tests.people import nurse

pytestmark = pytest.mark.django_db
# A small table is read whole or by a map of many indexes; told not to, the planner shows whether one index would do.
ONE_INDEX = ("enable_seqscan", "enable_bitmapscan")


def test_what_a_reader_holds_is_counted_by_its_index(north: Site) -> None:
    assert "using work_item_owner on notifications_workitem" in _plan_for_any_reader(north)


def _plan_for_any_reader(site: Site) -> str:
    """The plan that the server keeps: it may know nothing of who asks."""
    now, user = timezone.now(), nurse("dara", site)
    wanted = Wanted.read({}, now)
    with transaction.atomic(), connection.cursor() as cursor:
        for setting in ONE_INDEX:
            cursor.execute(f"SET LOCAL {setting} = off")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        values = {**pages._asked(user, wanted, now), **_of_counts(user.site_ids())}
        with prepared() as asking:
            asking.execute("EXPLAIN " + pages._with_filters("counts", False), values)
            return "\n".join(line for (line,) in asking.fetchall())


def _of_counts(sites: list[int]) -> dict[str, object]:
    return {
        "here": "team",
        "own": sites,
        "deciding": sites,
        "counselling": sites,
        "lost_since": timezone.now(),
        "germline": "germline_candidate",
    }
