"""What of a drop-off report could be subtracted from what: its counts by key, and every sum that holds among them.

Keys begin with the stratum (blank: the whole): `n`, `3:entered`, `3:preventable`, `end:competing:deceased` ... A latent count is not shown
and could be worked out: the rest of a total, those who arrived within the horizon and those who did not. Of a stratum the side figures
(implied, already, matured, reasons by step) are not shown at all: the more is shown, the more of it must be hidden.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pathways.reports.drop_off import CELLS, EXIT_CLASSES, DropOff, StepRow
from pathways.reports.estimators import Estimate
from pathways.reports.hiding import hidden_of
from pathways.reports.matched import Matched
from pathways.reports.sheet import Sum

WAITING = ("open", "held")
ENDED = ("completed", *EXIT_CLASSES)


@dataclass
class Book:
    """Counts, latent counts and sums as they are found."""

    counts: dict[str, int] = field(default_factory=dict)
    latent: dict[str, int] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)

    def adds_up(self, total: str, parts: list[str]) -> None:
        self.sums.append(Sum(total, tuple(parts)))

    def part(self, total: str, name: str, count: int) -> None:
        """A count that is part of a total; what is left of the total could be worked out."""
        self.counts[name] = count
        self.latent[f"{name}:rest"] = self.counts[total] - count
        self.adds_up(total, [name, f"{name}:rest"])


def hidden_in(report: DropOff) -> set[str]:
    """The keys that must not be shown. The whole is settled first: it looks the same whatever it is shown apart by."""
    book = Book()
    _enter(book, report, "")
    whole = [*book.counts, *book.latent]
    for name, part in report.strata.items():
        _enter(book, part, f"{name}|")
    for key in whole:
        parts = [f"{name}|{key}" for name in report.strata if f"{name}|{key}" in book.counts]
        if parts and not key.endswith(":within"):
            book.adds_up(key, parts)
    return hidden_of(book.counts, book.sums, latent=book.latent, levels=[whole])


def _enter(book: Book, report: DropOff, p: str) -> None:
    book.counts[f"{p}n"] = report.n
    book.part(f"{p}n", f"{p}open", report.open)
    if report.whole.value is not None:
        book.part(f"{p}n", f"{p}whole:within", round(report.whole.value * report.n))
    for i, step in enumerate(report.steps):
        _step(book, report, i, step, p)
    _ends(book, report, p)
    _matched(book, report.matched, p)


def _step(book: Book, report: DropOff, i: int, step: StepRow, p: str) -> None:
    at = f"{p}{i}:"
    book.counts[f"{at}entered"] = step.entered
    book.counts |= {f"{at}{name}": step.cells[name] for name in CELLS}
    book.adds_up(f"{at}entered", [f"{at}{name}" for name in CELLS])
    if i == 0:
        book.adds_up(f"{p}n", [f"{at}entered"])
    else:
        book.adds_up(f"{at}entered", [f"{p}{i - 1}:reached", f"{p}{i - 1}:not_applicable"])
    _measures(book, step, at)
    if p:
        return
    book.part(f"{at}reached", f"{at}implied", step.implied)
    book.counts |= {f"{at}why:{reason}": count for reason, count in step.reasons.items()}
    book.latent[f"{at}ended"] = sum(step.reasons.values())
    book.adds_up(f"{at}ended", [f"{at}why:{reason}" for reason in step.reasons])
    book.adds_up(f"{at}ended", [f"{at}{name}" for name in ENDED])
    for kind, reasons in _classes(report).items():
        here = [reason for reason in step.reasons if reason in reasons]
        if here and not any(reason in other for reason in here for one, other in _classes(report).items() if one != kind):
            book.adds_up(f"{at}{kind}", [f"{at}why:{reason}" for reason in here])


def _measures(book: Book, step: StepRow, at: str) -> None:
    book.part(f"{at}entered", f"{at}measured", step.measured)
    if "|" not in at:
        book.part(f"{at}entered", f"{at}already", step.already)
        book.part(f"{at}measured", f"{at}matured", step.matured)
    if step.measured and step.conversion.value is not None:
        book.part(f"{at}measured", f"{at}within", arrived(step.conversion, step.measured))


def arrived(rate: Estimate, of: int) -> int:
    """How many a share would be: what a reader works out who multiplies it with its denominator."""
    return round((rate.value or 0.0) * of)


def _classes(report: DropOff) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for end in report.ends:
        found.setdefault(end.kind, set()).add(end.reason)
    return found


def _ends(book: Book, report: DropOff, p: str) -> None:
    """All ends and all who are open make up the whole; each class is what left at the steps and after the last."""
    steps = range(len(report.steps))
    book.counts |= {f"{p}end:{end.kind}:{end.reason}": end.count for end in report.ends}
    book.adds_up(f"{p}n", [f"{p}open", *(f"{p}end:{end.kind}:{end.reason}" for end in report.ends)])
    for kind in ENDED:
        left = [f"{p}{i}:{kind}" for i in steps]
        total = sum(end.count for end in report.ends if end.kind == kind)
        book.latent[f"{p}end:{kind}"] = total
        book.latent[f"{p}after:{kind}"] = total - sum(book.counts[key] for key in left)
        book.adds_up(f"{p}end:{kind}", [f"{p}end:{end.kind}:{end.reason}" for end in report.ends if end.kind == kind])
        book.adds_up(f"{p}end:{kind}", [*left, f"{p}after:{kind}"])
    waiting = [f"{p}{i}:{name}" for i in steps for name in WAITING]
    book.latent[f"{p}after:open"] = report.open - sum(book.counts[key] for key in waiting)
    book.adds_up(f"{p}open", [*waiting, f"{p}after:open"])


def _matched(book: Book, matched: Matched, p: str) -> None:
    at = f"{p}matched:"
    for name in ("confirmed", "flagged", "cannot_say", "later_line", "reopened", "not_actionable"):
        book.part(f"{p}n", f"{at}{name}", getattr(matched, name))
    book.part(f"{at}confirmed", f"{at}received", matched.received)
    book.part(f"{at}received", f"{at}start_confirmed", matched.start_confirmed)
    book.part(f"{at}flagged", f"{at}flagged_matched", matched.flagged_matched)
    book.counts |= {f"{at}not:{name}": count for name, count in matched.not_matched.items()}
    book.adds_up(f"{at}confirmed", [f"{at}received", *(f"{at}not:{name}" for name in matched.not_matched)])
