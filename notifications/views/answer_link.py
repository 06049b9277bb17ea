"""The secure page behind a short link: on an old phone, without script, in the reader's language.

GET looks nothing up and changes nothing, so a preview of the link (messengers and carriers fetch them) opens and spends nothing. Before
the birth date nobody learns whether there is such a link. A forged form would need the token and the birth date, which is why the
page can do without the CSRF cookie that strict referrer rules and old phones would break.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications import links, said
from notifications.models import AnswerLink
from notifications.topics import BARRIERS, Topic
from notifications.wording import compiler, pages
from patients import access, codes, consent, contacts
from patients.models import Site

HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cross-Origin-Resource-Policy": "same-origin",
}
READER = "reader of a link"
STOP, LANGUAGE = "stop", "language:"
View = Callable[..., HttpResponse]


def private(view: View) -> View:
    """No cache, no referrer, no search engine."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    return guarded


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@private
def answer_link(request: HttpRequest, token: str) -> HttpResponse:
    if request.method != "POST":
        return _door(request)
    now, proof = timezone.now(), request.POST.get("proof", "")
    try:
        if proof:
            return _choices(request, links.proved(token=token, proof=proof, now=now), now)
        return _choices(request, links.prove(token=token, born=_born(request.POST), now=now), now)
    except links.Refused as refusal:
        return _door(request, refusal)


def _door(request: HttpRequest, refusal: links.Refused | None = None) -> HttpResponse:
    """The same page for every link, there or not, in all languages."""
    gone = refusal is not None and refusal.why == "gone"
    said_why = [(code, words[refusal.why]) for code, words in pages.words().items()] if refusal else []
    left = [(code, words["left"].format(left=refusal.left)) for code, words in pages.words().items()] if refusal and refusal.left else []
    context = {"languages": pages.words(), "why": said_why, "left": left, "gone": gone, "years": timezone.localdate().year}
    return render(request, "notifications/answer_door.html", context, status=410 if gone else 422 if refusal else 200)


def _born(given: Mapping[str, str]) -> date | None:
    try:
        return date(int(given.get("year", "")), int(given.get("month", "")), int(given.get("day", "")))
    except ValueError:
        return None


def _choices(request: HttpRequest, opened: links.Opened, now: datetime) -> HttpResponse:
    link = opened.link
    access.saw(request, action="view", what="secure page", patients=_patients(opened), actor=READER, now=now)
    done = _act(opened, request.POST.get("choice", ""), now) if "choice" in request.POST else ""
    language, mailed = link.person.language or "en", link.message.phone is None
    site, words = links.site_of(link), pages.words_in(language)
    names = link.person.given.split()
    context = {
        "words": words,
        "code": language.partition("-")[0],
        "org": site.sender_name if site else "",
        "about": words["about_mail" if mailed else "about"].format(org=site.sender_name if site else ""),
        "first_name": names[0] if names else "",
        "proof": opened.proof,
        "answers": [(topic.value, words[topic]) for topic in _answers(link.message.wording, language)],
        "barriers": [(topic.value, words[topic]) for topic in _barriers(site)],
        "worse_who": words["worse_who"].format(who=site.answers_worse) if site and site.answers_worse else "",
        "others": [(code, one.own) for code, one in compiler.languages().items() if code != language.partition("-")[0]],
        "stop": words["stop_mail" if mailed else "stop"],
        "done": done and words[done].format(phone=codes.readable(site.call_back) if site else "", who=site.answers_worse if site else ""),
        "unchosen": "choice" in request.POST and not done,
    }
    return render(request, "notifications/answer_page.html", context)


def _act(opened: links.Opened, choice: str, now: datetime) -> str:
    """Does what was chosen; the name of the thanks, blank for what was not offered."""
    link, voice = opened.link, links.voice_of(opened.link)
    if choice == STOP:
        return _stop(link, now)
    if choice.startswith(LANGUAGE):
        code = choice.removeprefix(LANGUAGE)
        if code not in compiler.LANGUAGES:
            return ""
        contacts.speak(person=link.person, language=code)
        return "thanks_language"
    offered = {*_answers(link.message.wording, link.person.language), *_barriers(voice.site)}
    if choice not in offered:
        return ""
    said.hear(voice, Topic(choice), now=now)
    return "thanks_worse" if choice == Topic.WORSE else "thanks" if choice == Topic.CONFIRM else "thanks_call"


def _stop(link: AnswerLink, now: datetime) -> str:
    """The channel by which the link came, and no other: who stops e-mails has not said no to texts."""
    evidence, message = consent.Evidence("secure page", language=link.person.language, reference=str(link.uid)), link.message
    if message.phone is not None:
        consent.stop(phone=message.phone, now=now, evidence=evidence)
        return "thanks_stop"
    assert message.mailbox is not None
    consent.stop_mail(mailbox=message.mailbox, now=now, evidence=evidence)
    return "thanks_stop_mail"


def _answers(wording: str, language: str) -> list[Topic]:
    """What the text asked for; a call can always be asked for."""
    code = language.partition("-")[0] or "en"
    asked = [topic for topic in (Topic.CONFIRM, Topic.DECLINE) if topic in compiler.menu(wording, code).values()]
    return [*asked, Topic.CALL, Topic.STARTED, Topic.CHANGED_DOCTOR]


def _barriers(site: Site | None) -> list[Topic]:
    """Feeling worse only where somebody is named who answers it."""
    return [topic for topic in BARRIERS if topic is not Topic.WORSE or (site is not None and site.answers_worse)]


def _patients(opened: links.Opened) -> list[int]:
    patient = opened.link.message.patient_id
    return [patient] if patient else []
