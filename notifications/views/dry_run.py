"""A draft against the version in force over the last days: stalls, work, texts and their cost, and what migrating would set off."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from notifications.forecast import Forecast, Role, look
from pathways.definitions.lifecycle import MAKING
from pathways.definitions.reading import ordered_as_written
from pathways.dry_run import HOW, DryRun
from pathways.models import PathwayVersion
from pathways.views.versions import one
from patients.models import Role as Duty
from patients.models import Site
from patients.views.guard import StaffRequest, page

DAYS = (30, 90, 180)


@dataclass(frozen=True, slots=True)
class Line:
    """One role at one site, as today's version and as the draft would have asked it."""

    site: str
    role: str
    today: Role | None
    draft: Role | None
    budget: int


@require_GET
@page(Duty.LEAD, Duty.MANAGER)
def dry_run(request: StaffRequest, code: str, number: str) -> HttpResponse:
    """Counts only, no patient. Run when asked for, not on arrival."""
    in_force = get_object_or_404(PathwayVersion, code=code, status=PathwayVersion.Status.PUBLISHED)
    draft = one(code, number)
    if draft.status not in MAKING:
        raise Http404
    days = next((one for one in DAYS if str(one) == request.GET.get("days")), 0)
    context: dict[str, object] = {"version": in_force, "draft": draft, "days": days, "choices": DAYS}
    if days:
        run, said = look(ordered_as_written(draft.body), days=days, now=timezone.now())
        context |= _shown(run, said)
    return render(request, "notifications/dry_run.html", context)


def _shown(run: DryRun, said: Forecast) -> dict[str, object]:
    problems = {how: Counter(one.problem for one in run.changes[how]).most_common() for how in HOW}
    return {
        "run": run,
        "said": said,
        "changes": [(how, len(run.changes[how]), problems[how]) for how in HOW],
        "misfits": Counter(one.reason for one in run.misfits).most_common(),
        "lines": _lines(said),
        "refused": Counter(row.refused for row in run.next.rows if row.refused).most_common(),
        "moves": sum(not row.refused for row in run.next.rows),
        "overdue": sum(row.newly_overdue for row in run.next.rows),
        "asked": Counter((row["whom"], row["problem"]) for row in said.next.items).most_common(),
    }


def _lines(said: Forecast) -> list[Line]:
    names = dict(Site.objects.values_list("pk", "name"))
    today, draft = ({(one.site_id, one.role): one for one in side.roles} for side in (said.today, said.draft))
    keys = sorted({*today, *draft})
    return [Line(names[key[0]], key[1], today.get(key), draft.get(key), (today.get(key) or draft[key]).budget) for key in keys]
