"""What a row said before somebody changed or deleted it: one history table per tracked model, append-only, written by trigger.

Only the old row is kept, on update and delete: registering costs nothing, and the present state is the row itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import pghistory
from django.db import models

Model = TypeVar("Model", bound=type[models.Model])


def keeps_history(name: str, **options: Any) -> Callable[[Model], Model]:
    """Class decorator: earlier versions of a row are kept in the model `name`, readable as `row.history`."""
    tracked = pghistory.track(
        pghistory.UpdateEvent(row=pghistory.Old),
        pghistory.DeleteEvent(row=pghistory.Old),
        obj_field=pghistory.ObjForeignKey(related_name="history", related_query_name="history"),
        append_only=True,
        model_name=name,
        **options,
    )
    return cast("Callable[[Model], Model]", tracked)
