"""What another version of a programme changes, in words: stages and milestones that come and go, deadlines, reactions, ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from pathways.definitions import schema

_STAGE_WORDS = {
    "label": "label", "phase": "phase", "within": "deadline", "review_after": "review", "anchor": gettext_noop("counted from"), "ball": gettext_noop("waiting for"),
    "problem": "problem", "blocks": "blocks", "watch": "watch", "awaits": "awaits", "do": gettext_noop("what to do"),
}  # fmt: skip
_RUNG_WORDS = {
    "at": "rings", "to": "goes to", "wording": "wording", "priority": "priority", "every": "repeats", "catch_up": "catch-up",
    "expires_after": "expires after", "answer_within": "answer within", "unless": "unless", "problem": "problem",
    "channels": "channels", "quiet_hours": "quiet hours",
    "approved_by": "approved by", "reason": "reason", "trial": "comparison",
}  # fmt: skip
_WHOLE = {
    "title": "title", "description": "description", "primary_group": gettext_noop("primary group"), "look_back": gettext_noop("look back"), "death": "death",
    "reasons": "reasons", "late": gettext_noop("late kinds"),
}  # fmt: skip
_BY_NAME = {
    "entries": "entry", "phases": "phase", "hears": "hears", "joins": "join", "milestones": "milestone", "funnels": "funnel",
    "completions": "completion", "exits": "exit",
}  # fmt: skip
_LISTED = {
    "enrol": gettext_noop("enrol rule"), "must_follow": gettext_noop("order of milestones"), "targets": "target", "matters": "matter", "holds": "hold",
}  # fmt: skip


class Difference(msgspec.Struct, frozen=True):
    """`where` is a stage (`main.to_order`) or a part of the definition; `before` and `after` are blank for what came or went."""

    where: str
    what: str
    before: str
    after: str

    @property
    def change(self) -> str:
        return "changed" if self.before and self.after else "added" if self.after else "removed"

    def __str__(self) -> str:
        if self.change == "changed":
            return _("%(where)s: %(what)s from %(before)s to %(after)s") % {
                "where": self.where,
                "what": self.what,
                "before": self.before,
                "after": self.after,
            }
        return f"{self.where}: {self.what} {self.change}: {self.after or self.before}"


def differences(before: schema.Pathway, after: schema.Pathway) -> list[Difference]:
    """Every difference of meaning, tracks and stages first; empty where both say the same."""
    return [*_tracks(before, after), *_parts(before, after)]


def _tracks(before: schema.Pathway, after: schema.Pathway) -> Iterator[Difference]:
    for name in _names(before.tracks, after.tracks):
        old, new = before.tracks.get(name), after.tracks.get(name)
        if old is None or new is None:
            yield _came_or_went(_("track %(name)s") % {"name": name}, "track", old and _listing(old.stages), new and _listing(new.stages))
            continue
        yield from _changed(_("track %(name)s") % {"name": name}, _("starts in"), old.start, new.start)
        yield from _changed(_("track %(name)s") % {"name": name}, "takes", old.takes, new.takes)
        yield from _changed(_("track %(name)s") % {"name": name}, "schedule", old.schedule, new.schedule)
        for part in ("opens", "anywhere"):
            yield from _moves(
                _("track %(name)s") % {"name": name},
                "begins" if part == "opens" else _("move of every stage"),
                getattr(old, part),
                getattr(new, part),
            )
        for stage in _names(old.stages, new.stages):
            yield from _stage(f"{name}.{stage}", old.stages.get(stage), new.stages.get(stage))


def _stage(where: str, old: schema.Stage | None, new: schema.Stage | None) -> Iterator[Difference]:
    if old is None or new is None:
        yield _came_or_went(where, "stage", old and _of_stage(old), new and _of_stage(new))
        return
    for field, word in _STAGE_WORDS.items():
        yield from _changed(where, word, getattr(old, field), getattr(new, field))
    yield from _changed(where, "source", old.source and old.source.text, new.source and new.source.text)
    yield from _changed(where, "signature", _signature(old.source), _signature(new.source))
    yield from _ladder(where, old.ladder, new.ladder)
    yield from _moves(where, "move", old.moves, new.moves)


def _ladder(where: str, old: list[schema.Rung], new: list[schema.Rung]) -> Iterator[Difference]:
    """Rungs are told apart by whom they tell; of those that tell the same, the first is compared with the first."""
    for audience in _names({rung.to: None for rung in old}, {rung.to: None for rung in new}):
        pairs = zip_longest([rung for rung in old if rung.to == audience], [rung for rung in new if rung.to == audience])
        for one, other in pairs:
            if one is None or other is None:
                yield _came_or_went(where, "reaction", one and _of_rung(one), other and _of_rung(other))
                continue
            for field, word in _RUNG_WORDS.items():
                yield from _changed(where, f"{audience.replace('_', ' ')} {word}", getattr(one, field), getattr(other, field))


def _moves(where: str, word: str, old: list[schema.Move], new: list[schema.Move]) -> Iterator[Difference]:
    before, after = [_of_move(move) for move in old], [_of_move(move) for move in new]
    yield from (Difference(where, word, said, "") for said in before if said not in after)
    yield from (Difference(where, word, "", said) for said in after if said not in before)
    if sorted(before) == sorted(after) and before != after:
        yield Difference(where, _("order of %(word)ss") % {"word": word}, "; ".join(before), "; ".join(after))


def _parts(before: schema.Pathway, after: schema.Pathway) -> Iterator[Difference]:
    for field, word in _WHOLE.items():
        yield from _changed("programme", word, getattr(before, field), getattr(after, field))
    yield from _changed("programme", _("corrections that ask anew"), before.acted_on, after.acted_on)
    for field, word in _BY_NAME.items():
        old, new = getattr(before, field), getattr(after, field)
        for name in _names(old, new):
            if name not in old or name not in new:
                yield _came_or_went(word, name, old.get(name), new.get(name))
            else:
                yield from _changed(word, name, old[name], new[name])
    for field, word in _LISTED.items():
        told, telling = [_said(item) for item in getattr(before, field)], [_said(item) for item in getattr(after, field)]
        yield from (Difference("programme", word, said, "") for said in told if said not in telling)
        yield from (Difference("programme", word, "", said) for said in telling if said not in told)


def _came_or_went(where: str, what: str, old: Any, new: Any) -> Difference:
    return Difference(where, what, _said(old) if old is not None else "", _said(new) if new is not None else "")


def _changed(where: str, what: str, old: Any, new: Any) -> Iterator[Difference]:
    if old != new:
        yield Difference(where, what, _said(old) or "nothing", _said(new) or "nothing")


def _names(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[str]:
    """In the order of the newer one, what went at the end."""
    return [*new, *(name for name in old if name not in new)]


def _of_stage(stage: schema.Stage) -> str:
    limit = (
        _("within %(within)s") % {"within": stage.within}
        if stage.within
        else _("review after %(review_after)s") % {"review_after": stage.review_after}
    )
    return _("%(label)s, %(limit)s, waiting for %(n)s") % {"label": stage.label, "limit": limit, "n": stage.ball.replace("_", " ")}


def _of_rung(rung: schema.Rung) -> str:
    return (_("%(n)s at %(at)s") % {"n": rung.to.replace("_", " "), "at": rung.at}) + (
        _(", every %(every)s") % {"every": rung.every} if rung.every else ""
    )


def _of_move(move: schema.Move) -> str:
    parts = [_("on %(on)s") % {"on": ", ".join(move.on)} if move.on else _("at once")]
    parts += [_("when %(when)s") % {"when": _said(move.when)}] if move.when else []
    parts += [_("to %(to)s") % {"to": move.to}] if move.to else []
    parts += [_("as %(as)s") % {"as": move.as_}] if move.as_ else []
    parts += [_("opens %(opens)s") % {"opens": ", ".join(move.opens)}] if move.opens else []
    parts += [_("closes %(closes)s") % {"closes": ", ".join(move.closes)}] if move.closes else []
    parts += [_("completes %(completes)s") % {"completes": move.completes}] if move.completes else []
    parts += [_("exits %(exits)s") % {"exits": move.exits}] if move.exits else []
    parts += [_("from grade %(grade)s") % {"grade": move.grade}] if move.grade != "rule" else []
    return " ".join(parts)


def _signature(source: schema.Source | None) -> str:
    return f"{source.approved_by}, {source.approved_on}" if source and source.approved_by else ""


def _listing(names: Iterable[str]) -> str:
    return ", ".join(names)


def _said(value: Any) -> str:
    """A value as a person would write it."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, schema.Written):
        return _said(value.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_said(child) or 'nothing'}" for key, child in sorted(value.items()))  # the database keeps no order
    if isinstance(value, list | tuple):
        return " or ".join(_said(child) or "nothing" for child in value)
    return str(value)
