"""What a person does about a message in quarantine."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pathways.models import Inbound
from patients.models import User

from . import waiting


def replay(*, inbound: Inbound, by: User | None, now: datetime) -> Inbound:
    """Tries the message again, whole, with the feed's settings of today; the row as it is now. A person decided: a used id no longer stops it.

    What waited for whom it brings in is tried after it. Applying twice changes nothing: an applied message is left as it is.
    """
    with transaction.atomic():
        row = Inbound.objects.select_for_update(of=("self",)).select_related("feed__site").get(pk=inbound.pk)
        if row.outcome == Inbound.Outcome.QUARANTINED:
            waiting.let_in(waiting.again(row, now=now), now=now)
    return Inbound.objects.get(pk=inbound.pk)
