"""Every text that a patient can get, in every language, on a phone's face: what staff read before they trust it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from notifications.forecast import price_on
from notifications.wording.compiler import HERE, LANGUAGES, Wording, languages, load, segments, wording_of
from notifications.wording.readability import LIMITS, Ease, ease
from notifications.wording.rules import ANSWERS, READ_ALOUD, text_faults, worst_case
from pathways.deadlines import Duration
from pathways.definitions import registry
from pathways.models import PathwayVersion
from patients.templatetags.finalmile import translated
from patients.views.guard import ANYONE, StaffRequest, page

EXAMPLE_LINK = "https://answers.example.org/a/" + "x" * 22
SHOWN = {"first_name": "Ana", "org": "Riverside Care", "phone": "(555) 010-0199", "ref": "0042"}


@dataclass(frozen=True, slots=True)
class Face:
    """One text as it arrives, and what can be said of it; without a body the language has no such text."""

    language: str
    name: str
    body: str = ""
    characters: int = 0
    segments: int = 0
    longest: int = 0
    cost: float = 0
    ease: Ease | None = None
    limit: float = 0
    reviewed: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One text of a programme: the wait, the rung in words, and what each language has. `ready` by language."""

    programme: str
    wait: str
    rung: str
    key: str
    own: bool
    ready: list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Shown:
    key: str
    faces: list[Face]
    uses: list[str]


@require_GET
@page(*ANYONE)
def texts(request: StaffRequest) -> HttpResponse:
    used = uses()
    keys = list(dict.fromkeys(key for code in LANGUAGES for key in load(code)))
    shown = [Shown(key, [_face(key, code) for code in LANGUAGES], used.get(key, [])) for key in keys]
    missing = [
        _("%(key)s in %(name)s") % {"key": one.key, "name": face.name}
        for one in shown
        for face in one.faces
        if not face.body or not face.reviewed
    ]
    price = price_on(timezone.localdate())
    context = {"texts": shown, "missing": missing, "names": languages(), "example": SHOWN, "steps": steps(), "price": price}
    return render(request, "notifications/texts.html", context)


def steps() -> list[Step]:
    """Every text rung of every programme in force, and whether each language has reviewed words for it: elsewhere a person calls."""
    titles = _titles()
    return [
        Step(
            programme=titles.get(code, code),
            wait=translated(stage.label),
            rung=_offset(rung.at),
            key=rung.wording,
            own=any(f"{rung.wording}@{code}" in load(language) for language in LANGUAGES),
            ready=[
                (languages()[language].name, bool((found := wording_of(rung.wording, language, code)) and found.is_active))
                for language in LANGUAGES
            ],
        )
        for code, published in sorted(registry.published().items(), key=lambda one: titles.get(one[0], one[0]))
        for stage in published.definition.stages.values()
        for rung in stage.ladder
        if rung.is_text
    ]


def _offset(at: Duration) -> str:
    """`at due`, `2 days before`, `3 working days after`."""
    if not at.amount:
        return _("at due")
    return (_("%(length)s after") if at.amount > 0 else _("%(length)s before")) % {
        "length": translated(str(Duration(abs(at.amount), at.unit)))
    }


def _titles() -> dict[str, str]:
    return dict(PathwayVersion.objects.filter(status=PathwayVersion.Status.PUBLISHED).values_list("code", "title"))


def uses() -> dict[str, list[str]]:
    """Which waits of which programmes in force send a text, in words, by wording."""
    titles = _titles()
    found: dict[str, list[str]] = defaultdict(list)
    for code, published in registry.published().items():
        for stage in published.definition.stages.values():
            for rung in stage.ladder:
                if rung.is_text:
                    found[rung.wording].append(f"{translated(titles.get(code, code))}: {translated(stage.label)}")
    return {key: list(dict.fromkeys(places)) for key, places in found.items()}


def _face(key: str, code: str) -> Face:
    wording = load(code).get(key)
    if wording is None:
        return Face(code, languages()[code].name)
    here = load(code)[HERE].text.format(link=EXAMPLE_LINK)
    body = here if key == HERE else wording.text.format(**SHOWN, answer=here)
    return Face(
        language=code,
        name=languages()[code].name,
        body=body,
        characters=len(body),
        segments=segments(body),
        cost=round(segments(body) * price_on(timezone.localdate()).each, 4),
        longest=1 if key == HERE else segments(worst_case(wording.text, code)),
        ease=ease(wording.text.format(**READ_ALOUD), code),
        limit=LIMITS[code],
        reviewed=wording.reviewed,
        faults=_faults(key, code, wording),
    )


def _faults(key: str, code: str, wording: Wording) -> tuple[str, ...]:
    return tuple(f"{rule}: {detail}" for rule, detail in text_faults(wording.text, code, is_answer=key in ANSWERS))
