"""The whole cohort: who comes when, on which programme, and how it is to go with them. Pure, and the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial

from . import germline, lung, monitoring, nursery, on_file, outside, pgx, tumours
from .course import Course
from .people import SyntheticPerson, people

Story = Callable[[SyntheticPerson, str, random.Random, datetime], Course]
LUNG_SHARE = 0.9
SMALL: tuple[tuple[tuple[tuple[str, int], ...], Story], ...] = (
    (monitoring.FATES, monitoring.course),
    (on_file.FATES, on_file.course),
    (outside.FATES, outside.course),
    (germline.FAMILY_FATES, germline.family),
    (germline.SCREEN_FATES, germline.screened),
    (nursery.SCREEN_FATES, nursery.screening),
    (nursery.GENOME_FATES, nursery.genome),
    (tumours.FATES, partial(tumours.course, tumours.COLON)),
    (tumours.FATES, partial(tumours.course, tumours.BREAST)),
    (tumours.FATES, partial(tumours.course, tumours.PROSTATE)),
)
SMALL_SHARE = 0.008  # of each smaller programme: they take their people out of those who are not in the lung programme
QUIET_AT_THE_END = 3  # days before today without new referrals, so that the newest have arrived


def cohort(*, count: int, days: int, seed: int, today: datetime) -> list[Course]:
    """`count` people who come over the `days` before `today`. Fates are dealt by quota, so that their shares are the published ones."""
    everybody = people(count, seed, today.date())
    dice = random.Random(f"cohort {seed}")
    lungs = round(count * LUNG_SHARE)
    fates = _deal(lung.FATES, lungs, dice)
    few = round(count * SMALL_SHARE)
    others = _deal(pgx.FATES, count - lungs - few * len(SMALL), dice)
    written: list[tuple[str, Story]] = [(fate, lung.course) for fate in fates]
    written += [(fate, pgx.course) for fate in others]
    written += [(fate, write) for dealt, write in SMALL for fate in _deal(dealt, few, dice)]
    courses = [_course(person, fate, write, seed, days, today) for person, (fate, write) in zip(everybody, written, strict=True)]
    return sorted(courses, key=lambda course: course.steps[0].at)


def _course(person: SyntheticPerson, fate: str, write: Story, seed: int, days: int, today: datetime) -> Course:
    dice = random.Random(f"course {seed} {person.n}")
    midnight = datetime.combine(today.date(), time(), UTC) - timedelta(days=days)
    start = midnight + timedelta(days=dice.uniform(0, max(days - QUIET_AT_THE_END, 1)))
    return write(person, fate, dice, start)


def _deal(shares: tuple[tuple[str, int], ...], count: int, dice: random.Random) -> list[str]:
    """A shuffled deck of `count` fates in exact proportion (largest remainders)."""
    whole = sum(share for _name, share in shares)
    exact = [(name, count * share / whole) for name, share in shares]
    deck = [name for name, portion in exact for _ in range(int(portion))]
    rest = sorted(exact, key=lambda each: int(each[1]) - each[1])
    deck += [name for name, _portion in rest[: count - len(deck)]]
    dice.shuffle(deck)
    return deck
