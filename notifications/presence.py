"""Who is looking at an item, or writing in its form: the next to come sees it, and nothing is locked by it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from notifications.models import Presence, WorkItem
from patients.models import User

STILL_HERE = timedelta(minutes=5)
"""After so long without a sign somebody is taken to have gone."""


def look(*, item: WorkItem, by: User, editing: bool, now: datetime) -> None:
    """Somebody opened the item, or its form."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_presence AS p (item_id, user_id, since, seen_at, editing) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (item_id, user_id) DO UPDATE SET seen_at = EXCLUDED.seen_at, editing = EXCLUDED.editing, "
            "since = CASE WHEN p.seen_at < %s THEN EXCLUDED.since ELSE p.since END",
            [item.pk, by.pk, now, now, editing, now - STILL_HERE],
        )


def others(item: WorkItem, by: User, *, now: datetime) -> list[Presence]:
    """Colleagues who have this item before them now, whoever writes first."""
    here = Presence.objects.filter(item=item, seen_at__gt=now - STILL_HERE).exclude(user=by)
    return list(here.select_related("user").order_by("-editing", "since"))


def leave(*, item: WorkItem, by: User) -> None:
    """Done with it."""
    Presence.objects.filter(item=item, user=by).delete()
