"""A pathway as a picture, computed from its definition: one column per track, the way forward from top to bottom.

A stage stands below those that lead to it. A move to the next stage is an arrow between them; one that skips stages runs on the right, one
that leads back on the left, and a move of every stage comes in from the left edge. Every arrow has a number, under which the
table beside the picture tells it in words. Pure: no font is measured, so widths are those of a wide letter.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from itertools import count

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from pathways.definitions import schema
from pathways.definitions.stagegraph import END
from patients.templatetags.finalmile import sentence, translated

WIDE, PAD, LINE = 236, 12, 16
LANE, PORT, MARGIN = 11, 9, 14
GAP, STUB = 30, 16
LABEL_LETTERS, SMALL_LETTERS, GAP_LETTERS = 28, 34, 29


class Text(msgspec.Struct, frozen=True):
    """A line of a box; `role` is its style: label, target, source or end."""

    x: int
    y: int
    role: str
    words: str


class Box(msgspec.Struct, frozen=True):
    """A stage. `says` is all that it says, for those who do not see the picture."""

    stage: str
    x: int
    y: int
    width: int
    height: int
    watch: bool
    blocks: bool
    texts: tuple[Text, ...]
    says: str


class Arrow(msgspec.Struct, frozen=True):
    """`path` and `head` are SVG paths. `words` stand beside arrows to the next stage. `way`: next, on, back or any."""

    number: int
    way: str
    path: str
    head: str
    at: tuple[int, int]
    words: str
    says: str


class Row(msgspec.Struct, frozen=True):
    """One move in words; `number` is 0 where no arrow is drawn: it ends, begins, or leads back to its own stage."""

    number: int
    source: str
    on: str
    when: str
    target: str


class Figure(msgspec.Struct, frozen=True):
    """One track."""

    track: str
    title: str
    says: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    rows: tuple[Row, ...]


class _Link(msgspec.Struct):
    """Moves from one stage to another, drawn as one arrow."""

    source: str
    target: str
    moves: list[schema.Move]
    number: int = 0
    lane: int = 0


def figures(pathway: schema.Pathway) -> list[Figure]:
    """One figure per track, in the order in which the definition names them."""
    return [_figure(name, track, pathway) for name, track in pathway.tracks.items()]


def _figure(name: str, track: schema.Track, pathway: schema.Pathway) -> Figure:
    order = _in_order(track)
    numbers = count(1)
    links = _links(track, order)
    rows = list(_rows(track, links, numbers))
    place = {stage: n for n, stage in enumerate(order)}
    on = [link for link in links if place.get(link.target, -1) > place.get(link.source, 99) + 1]
    back = [link for link in links if link.source and place[link.target] < place[link.source]]
    left, right = MARGIN + LANE * _lanes(back, place) + STUB, MARGIN + LANE * _lanes(on, place)
    boxes, height = _boxes(track, order, left, {link.target for link in links if link not in on and link not in back and link.source})
    arrows = [_drawn(link, boxes, place, links) for link in links]
    title = _("Main track") if name == "main" else _("Track: %(n)s") % {"n": name.replace("_", " ")}
    says = _("%(n)s stages: %(order)s. The moves between them stand in the table that follows.") % {
        "n": len(order),
        "order": ", ".join(translated(track.stages[stage].label) for stage in order),
    }
    return Figure(name, title, says, left + WIDE + right, height, tuple(boxes.values()), tuple(arrows), tuple(rows))


def _in_order(track: schema.Track) -> list[str]:
    """Stages by layer: below all that lead to them; one to which only moves of every stage lead, below all that the file names before it."""
    written = list(track.stages)
    layer: dict[str, int] = {}
    for n, name in enumerate(written):
        before = [one for one in written[:n] if any(move.to == name for move in track.stages[one].moves)]
        layer[name] = max((layer[one] + 1 for one in before), default=max(layer.values(), default=0))
    return sorted(written, key=lambda name: (layer[name], written.index(name)))


def _links(track: schema.Track, order: list[str]) -> list[_Link]:
    """Moves between stages, drawn from the stage above to the one below; blank source: moves of every stage."""
    found: dict[tuple[str, str], _Link] = {}
    for source in order:
        for move in track.stages[source].moves:
            if move.to in track.stages and move.to != source:
                found.setdefault((source, move.to), _Link(source, move.to, [])).moves.append(move)
    for move in track.anywhere:
        if move.to in track.stages:
            found.setdefault(("", move.to), _Link("", move.to, [])).moves.append(move)
    return list(found.values())


# the table


def _rows(track: schema.Track, links: list[_Link], numbers: Iterable[int]) -> Iterable[Row]:
    drawn = {(link.source, link.target): link for link in links}
    following = iter(numbers)

    def row(source: str, words: str, move: schema.Move) -> Row:
        link = drawn.get((source, move.to))
        if link is not None and not link.number:
            link.number = next(following)
        return Row(link.number if link else 0, words, kinds(move), conditions(move), _target(track, move))

    for move in track.opens:
        yield Row(0, _("not begun"), kinds(move), conditions(move), _target(track, move))
    for name, stage in track.stages.items():
        yield from (row(name, translated(stage.label), move) for move in stage.moves)
    yield from (row("", _("any stage"), move) for move in track.anywhere)


def kinds(move: schema.Move) -> str:
    """What sets the move off: its kinds, or for one without what must have been reached."""
    if move.on:
        return ", ".join(translated(kind.replace("_", " ")) for kind in move.on)
    reached = (move.when or {}).get("reached", [])
    named = ", ".join(_spoken(str(name)) for name in (reached if isinstance(reached, list) else [reached]))
    return _("once %(named)s") % {"named": named} if named else _("once its condition holds")


def conditions(move: schema.Move) -> str:
    """The guard as one would say it, not as one would write it."""
    return said(move.when) if move.when else ""


def said(guard: object) -> str:
    if isinstance(guard, dict):
        return "; ".join(
            f"{translated(_WORDS.get(str(key), str(key).replace('_', ' ')))} {said(value)}".strip() for key, value in guard.items()
        )
    if isinstance(guard, list):
        return _(" or ").join(said(value) for value in guard)
    if isinstance(guard, bool):
        return _("yes") if guard else _("no")
    return _("nothing") if guard is None else translated(str(guard).replace("_", " "))


_WORDS = {
    "reached": "reached:",
    "not_reached": gettext_noop("not reached:"),
    "track": "track",
    "entry": gettext_noop("began as"),
    "any": "either",
    "all": gettext_noop("all of"),
    "not": "not",
}


def _target(track: schema.Track, move: schema.Move) -> str:
    parts = []
    if move.to in track.stages:
        parts.append(translated(track.stages[move.to].label))
    elif move.to == END:
        parts.append(_("ends as %(closed)s") % {"closed": _spoken(move.as_ or "closed")})
    if move.completes:
        parts.append(_("completes: %(completes)s") % {"completes": _spoken(move.completes)})
    if move.exits:
        parts.append(_("exits: %(exits)s") % {"exits": _spoken(move.exits)})
    parts += [_("opens %(name)s") % {"name": _spoken(name)} for name in move.opens]
    parts += [_("closes %(name)s") % {"name": _spoken(name)} for name in move.closes]
    return "; ".join(parts) or _("the wait goes on")


def _spoken(name: str) -> str:
    return translated(name.replace("_", " ").replace(".", ": "))


# boxes


def _boxes(track: schema.Track, order: list[str], left: int, next_ones: set[str]) -> tuple[dict[str, Box], int]:
    boxes: dict[str, Box] = {}
    y = 4
    for n, name in enumerate(order):
        if n:
            y += GAP if name in next_ones else GAP // 2
        boxes[name] = _box(name, track.stages[name], left, y)
        y += boxes[name].height
    return boxes, y + 4


_ANCHORS = {
    "opened": gettext_noop("the beginning"),
    "schedule": gettext_noop("the schedule"),
    "field:start": gettext_noop("its own date"),
    "context:birth": "birth",
}


def _box(name: str, stage: schema.Stage, x: int, y: int) -> Box:
    limit = (
        _("within %(within)s") % {"within": stage.within}
        if stage.within
        else _("review after %(review_after)s") % {"review_after": stage.review_after}
    )
    counted = (
        ""
        if stage.anchor == "entered"
        else _(" from %(anchor)s") % {"anchor": translated(_ANCHORS[stage.anchor]) if stage.anchor in _ANCHORS else _spoken(stage.anchor)}
    )
    target = f"{limit}{counted} · {translated(stage.ball.replace('_', ' '))}"
    source = stage.source.text if stage.source else ""
    ends = dict.fromkeys(end for move in stage.moves for end in _ends(move))
    lines = [("label", line) for line in textwrap.wrap(sentence(stage.label), LABEL_LETTERS)]
    lines += [("target", line) for line in textwrap.wrap(target, SMALL_LETTERS)]
    lines += [("source", _shortened(source))] if source else []
    lines += [("end", _shortened(end)) for end in ends]
    texts, at = [], y + PAD - 3
    for role, words in lines:
        at += LINE
        texts.append(Text(x + PAD, at - 3, role, words))
    says = "; ".join([translated(stage.label), target, _("source: %(source)s") % {"source": source} if source else _("no source"), *ends])
    return Box(name, x, y, WIDE, at - y + PAD - 3, stage.watch, stage.blocks, tuple(texts), says)


def _ends(move: schema.Move) -> Iterable[str]:
    if move.completes:
        yield f"✓ {_spoken(move.completes)}"
    if move.exits:
        yield f"✕ {_spoken(move.exits)}"
    if move.to == END:
        yield f"■ {_spoken(move.as_ or 'closed')}"
    yield from (_("opens %(name)s") % {"name": _spoken(name)} for name in move.opens)


def _shortened(text: str, letters: int = SMALL_LETTERS) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


# arrows


def _lanes(links: list[_Link], place: dict[str, int]) -> int:
    """Gives each arrow at a side a lane that nothing else uses beside it, short ones inside; those that lead to one stage share theirs.

    Returns how many lanes there are.
    """
    spans: dict[str, tuple[int, int]] = {}
    for link in links:
        top, bottom = spans.get(link.target, (place[link.target],) * 2)
        spans[link.target] = (min(top, place[link.source]), max(bottom, place[link.source]))
    taken: list[list[tuple[int, int]]] = []
    lanes: dict[str, int] = {}
    for target, (top, bottom) in sorted(spans.items(), key=lambda one: (one[1][1] - one[1][0], one[1])):
        free = (n for n, others in enumerate(taken) if all(bottom < above or top > below for above, below in others))
        lanes[target] = next(free, len(taken))
        if lanes[target] == len(taken):
            taken.append([])
        taken[lanes[target]].append((top, bottom))
    for link in links:
        link.lane = lanes[link.target]
    return len(taken)


def _drawn(link: _Link, boxes: dict[str, Box], place: dict[str, int], links: list[_Link]) -> Arrow:
    target = boxes[link.target]
    words = "; ".join(dict.fromkeys(kinds(move) for move in link.moves))
    if not link.source:
        y = _port(link, target, links, place)
        path, head = f"M{target.x - STUB} {y}H{target.x - 5}", _head(target.x, y, "right")
        return Arrow(
            link.number,
            "any",
            path,
            head,
            (target.x - STUB, y),
            "",
            _("%(number)s: from any stage, on %(n)s") % {"number": link.number, "n": words},
        )
    source = boxes[link.source]
    says = f"{link.number}: {words}"
    if place[link.target] == place[link.source] + 1:
        x, top = source.x + 30, source.y + source.height
        return Arrow(link.number, "next", f"M{x} {top}V{target.y - 5}", _head(x, target.y, "down"), (x, (top + target.y) // 2 - 1),
                     _shortened(words, GAP_LETTERS), says)  # fmt: skip
    forward = place[link.target] > place[link.source]
    edge, sign = (source.x + WIDE, 1) if forward else (source.x, -1)
    out, into = _port(link, source, links, place), _port(link, target, links, place)
    lane = edge + sign * (MARGIN - 4 + LANE * link.lane + (0 if forward else STUB))
    turn = 5 if into > out else -5
    path = f"M{edge} {out}H{lane - sign * 5}Q{lane} {out} {lane} {out + turn}V{into - turn}Q{lane} {into} {lane - sign * 5} {into}H{edge + sign * 5}"
    head = _head(edge, into, "left" if forward else "right")
    return Arrow(link.number, "on" if forward else "back", path, head, (lane, (out + into) // 2), "", says)


def _port(link: _Link, box: Box, links: list[_Link], place: dict[str, int]) -> int:
    """Where the arrow meets the side of the box: arrows from above over arrows to below, so that they do not cross at the box."""
    here = place[box.stage]
    right = bool(link.source) and place[link.target] > place[link.source]
    beside = [one for one in links if _side(one, box.stage, place) == ("right" if right else "left")]

    def height(one: _Link) -> tuple[int, int]:
        if not one.source:
            return (1, 0)
        other = one.target if one.source == box.stage else one.source
        return (0, one.lane) if place[other] < here else (2, -one.lane)

    beside.sort(key=height)
    step = min(PORT, (box.height - 14) // max(len(beside) - 1, 1))
    first = box.y + (box.height - step * (len(beside) - 1)) // 2
    return first + step * next(n for n, one in enumerate(beside) if one is link)


def _side(link: _Link, stage: str, place: dict[str, int]) -> str:
    if stage not in (link.source, link.target):
        return ""
    if not link.source:
        return "left"
    apart = place[link.target] - place[link.source]
    return "" if apart == 1 else "right" if apart > 1 else "left"


def _head(x: int, y: int, towards: str) -> str:
    match towards:
        case "down":
            return f"M{x} {y}l-4 -7h8z"
        case "left":
            return f"M{x} {y}l7 -4v8z"
        case _:
            return f"M{x} {y}l-7 -4v8z"
