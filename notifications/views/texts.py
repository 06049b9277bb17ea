"""Every text that a patient can get, in every language, on a phone's face: what staff read before they trust it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from notifications import reviewing
from notifications.forecast import price_on
from notifications.models import Channel
from notifications.reviewing import Review
from notifications.wording import pages, written
from notifications.wording.compiler import HERE, LANGUAGES, Wording, languages, load, segments, wording_of
from notifications.wording.readability import LIMITS, Ease, ease
from notifications.wording.rules import READ_ALOUD, wording_faults, worst_case, written_faults
from pathways.deadlines import Duration
from pathways.definitions import registry
from pathways.models import PathwayVersion
from patients.templatetags.finalmile import translated
from patients.views.guard import ANYONE, StaffRequest, page

EXAMPLE_LINK = "https://answers.example.org/a/" + "x" * 22
CHANNELS = {str(value): str(label) for value, label in Channel.choices}
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
    review: Review | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One text of a programme: the wait, the rung in words, and what each language has. `ready` by language."""

    programme: str
    wait: str
    rung: str
    key: str
    own: bool
    channels: str
    ready: list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Programme:
    """The text rungs of one programme; `calls` are those for which some language has no words, so that a person calls."""

    title: str
    steps: list[Step]
    calls: int


@dataclass(frozen=True, slots=True)
class Written:
    """The same key as an e-mail reads, and a letter."""

    language: str
    name: str
    subject: str
    email: str
    letter: str
    review: Review | None
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the house is with one language. `seen` says what is on this page, so that nothing else is approved by it."""

    code: str
    name: str
    total: int
    open: int
    seen: str


@dataclass(frozen=True, slots=True)
class Shown:
    key: str
    faces: list[Face]
    uses: list[str]
    letters: list[Written]


@require_GET
@page(*ANYONE)
def texts(request: StaffRequest) -> HttpResponse:
    used, known = uses(), reviewing.reviews()
    keys = list(dict.fromkeys(key for code in LANGUAGES for key in load(code)))
    shown = [
        Shown(
            key,
            [_face(key, code, known) for code in LANGUAGES],
            used.get(key, []),
            [_written(key, code, known) for code in LANGUAGES if key in written.load(code)],
        )
        for key in keys
    ]
    missing = [
        _("%(key)s in %(name)s") % {"key": one.key, "name": face.name}
        for one in shown
        for face in one.faces
        if not face.body or not face.reviewed
    ]
    price = price_on(timezone.localdate())
    context = {"missing": missing, "names": languages(), "example": SHOWN, "price": price}
    context |= {"programmes": programmes(), "opened": "open" in request.GET}
    context["kinds"] = [("reminders", [one for one in shown if one.uses]), ("answers", [one for one in shown if not one.uses])]
    context["frame"] = [(name, [(code, pages.words()[code][name]) for code in LANGUAGES]) for name in pages.words()[LANGUAGES[0]]]
    context |= {"readings": [_reading(code, known) for code in LANGUAGES], "may_review": request.user.has_role(*reviewing.REVIEWERS)}
    return render(request, "notifications/texts.html", context)


@require_POST
@page(*reviewing.REVIEWERS)
def review(request: StaffRequest, language: str) -> HttpResponse:
    """A named person stands for every word of a language, as it was shown to them."""
    try:
        reviewing.approve(language=language, seen=request.POST.get("seen", ""), by=request.user, now=timezone.now())
    except reviewing.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("Written down: you read every word in %(language)s and stand for it.") % {"language": translated(languages()[language].name)},
        )
    return redirect("texts")


def _reading(code: str, known: Mapping[str, Review]) -> Reading:
    words = reviewing.of_language(code)
    return Reading(code, translated(languages()[code].name), len(words), len(reviewing.unreviewed(code, known)), reviewing.digest_of(words))


def _written(key: str, code: str, known: Mapping[str, Review]) -> Written:
    stop = settings.PUBLIC_BASE_URL + "/mail/stop/..."
    org, phone, refs = SHOWN["org"], SHOWN["phone"], [SHOWN["ref"]]
    mail = written.mail(key, code, first_name=SHOWN["first_name"], stop=stop, org=org, phone=phone, refs=refs)
    text, frame = written.say(key, code, org=org, phone=phone, refs=refs)[0], pages.words()[code]
    letter = "\n\n".join(
        (frame["letter_dear"].format(name=f"{SHOWN['first_name']} Okafor"), text, frame["letter_bye"].format(org=SHOWN["org"]))
    )
    faults = tuple(f"{rule}: {detail}" for rule, detail in written_faults(written.load(code)[key].text, code))
    return Written(
        code, translated(languages()[code].name), mail.subject, mail.body, letter, _review(reviewing.WRITTEN, key, code, known), faults
    )


def _review(kind: str, key: str, code: str, known: Mapping[str, Review]) -> Review | None:
    return next((known.get(one.digest) for one in reviewing.of_language(code) if (one.kind, one.key) == (kind, key)), None)


def steps() -> list[Step]:
    """Every text rung of every programme in force, and whether each language has reviewed words for it: elsewhere a person calls."""
    titles = _titles()
    return [
        Step(
            programme=translated(titles.get(code, code)),
            wait=translated(stage.label),
            rung=_offset(rung.at),
            key=rung.wording,
            channels=", ".join(translated(CHANNELS.get(channel, channel)) for channel in rung.channels),
            own=any(f"{rung.wording}@{code}" in load(language) for language in LANGUAGES),
            ready=[
                (
                    translated(languages()[language].name),
                    all(_has_words(rung.wording, channel, language, code) for channel in rung.channels),
                )
                for language in LANGUAGES
            ],
        )
        for code, published in sorted(registry.published().items(), key=lambda one: titles.get(one[0], one[0]))
        for stage in published.definition.stages.values()
        for rung in stage.ladder
        if rung.is_text
    ]


def programmes() -> list[Programme]:
    """The same by programme."""
    grouped = [(title, list(some)) for title, some in groupby(steps(), key=lambda step: step.programme)]
    return [Programme(title, some, sum(not all(ready for _, ready in step.ready) for step in some)) for title, some in grouped]


def _has_words(key: str, channel: str, language: str, programme: str) -> bool:
    if channel == "call":
        return True
    found = wording_of(key, language, programme) if channel == "sms" else written.wording_of(key, language, programme)
    return found is not None and found.is_active


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


def _face(key: str, code: str, known: Mapping[str, Review]) -> Face:
    wording = load(code).get(key)
    if wording is None:
        return Face(code, translated(languages()[code].name))
    here = load(code)[HERE].text.format(link=EXAMPLE_LINK)
    body = here if key == HERE else wording.text.format(**SHOWN, answer=here)
    return Face(
        language=code,
        name=translated(languages()[code].name),
        body=body,
        characters=len(body),
        segments=segments(body),
        cost=round(segments(body) * price_on(timezone.localdate()).each, 4),
        longest=1 if key == HERE else segments(worst_case(wording.text, code)),
        ease=ease(wording.text.format(**READ_ALOUD), code),
        limit=LIMITS[code],
        reviewed=wording.reviewed,
        review=_review(reviewing.TEXT, key, code, known),
        faults=_faults(key, code, wording),
    )


def _faults(key: str, code: str, wording: Wording) -> tuple[str, ...]:
    return tuple(f"{rule}: {detail}" for rule, detail in wording_faults(key, wording, code))
