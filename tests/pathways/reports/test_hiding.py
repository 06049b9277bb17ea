"""No count from 1 to 10 is shown, and none can be worked out: a solver tries, from everything that is published at once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog  # type: ignore[import-untyped, unused-ignore]

from pathways.reports import drop_off as losing
from pathways.reports import shown
from pathways.reports.ball import Turn
from pathways.reports.drop_off import EXIT_CLASSES, DropOff
from pathways.reports.equity import equity
from pathways.reports.hiding import Ledger, coarse_share, determined, hidden_of, is_small, rounded
from pathways.reports.sheet import Cell, Sum
from pathways.reports.shown import drop_off as as_shown
from pathways.reports.shown_times import _turns

from .conftest import Ward

CELL = st.integers(0, 40)
TABLE = st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=2, max_size=4)


def ledger_of(table: Sequence[Sequence[int]]) -> tuple[dict[str, int], list[Sum]]:
    """A table with the totals of its rows and columns, and the total of all."""
    rows, columns = range(len(table)), range(len(table[0]))
    counts = {f"{i},{j}": table[i][j] for i in rows for j in columns}
    counts |= {f"{i},all": sum(table[i]) for i in rows} | {f"all,{j}": sum(table[i][j] for i in rows) for j in columns}
    counts["all,all"] = sum(map(sum, table))
    sums = [Sum(f"{i},all", tuple(f"{i},{j}" for j in columns)) for i in (*rows, "all")]
    sums += [Sum(f"all,{j}", tuple(f"{i},{j}" for i in rows)) for j in (*columns, "all")]
    return counts, sums


def recovered(counts: dict[str, int], sums: Sequence[Sum], hidden: set[str]) -> set[str]:
    """What a reader can work out who knows that counts are not negative: the least and the most that each small hidden count can be.

    It is recovered where fewer than three values are possible. Linear programming, which shares nothing with the ledger's own algebra.
    """
    keys = sorted(hidden)
    if not keys:
        return set()
    at = {key: i for i, key in enumerate(keys)}
    table, right = [], []
    for one in sums:
        row, known = np.zeros(len(keys)), 0.0
        for sign, key in ((1, one.total), *((-1, part) for part in one.parts)):
            if key in at:
                row[at[key]] += sign
            else:
                known -= sign * counts[key]
        if row.any():
            table.append(row)
            right.append(known)
    found = set()
    for key in keys:
        if is_small(counts[key]):
            ends = []
            for sign in (1, -1):
                cost = np.zeros(len(keys))
                cost[at[key]] = sign
                ends.append(
                    linprog(cost, A_eq=np.array(table) if table else None, b_eq=right if table else None, bounds=(0, 5000)).fun * sign
                )
            if ends[1] - ends[0] < 2 - 1e-6:
                found.add(key)
    return found


def test_a_small_count_takes_another_with_it_and_zero_is_no_cover() -> None:
    counts = {"all": 105, "a": 5, "b": 60, "c": 40, "d": 0}
    assert hidden_of(counts, [Sum("all", ("a", "b", "c", "d"))]) == {"a", "c"}


def test_what_is_small_together_takes_another_with_it() -> None:
    counts = {"all": 65, "a": 3, "b": 4, "c": 58}
    assert hidden_of(counts, [Sum("all", ("a", "b", "c"))]) == {"a", "b", "c"}


def test_the_rest_of_a_total_is_a_count_too() -> None:
    """Of 65 are 60: five are not."""
    assert hidden_of({"all": 65, "some": 60}, [Sum("all", ("some", "rest"))], latent={"rest": 5}) == {"some"}


def test_a_later_level_hides_nothing_of_an_earlier_one() -> None:
    """Or the whole beside its strata, subtracted from the whole alone, would tell."""
    counts = {"all": 45, "m|all": 5, "f|all": 40}
    ledger = Ledger(counts, [Sum("all", ("m|all", "f|all"))])
    ledger.settle(["all"])
    ledger.settle(counts)
    assert ledger.hidden == {"m|all", "f|all"}


def test_algebra_sees_what_no_single_sum_tells() -> None:
    sums = [Sum("r", ("a", "b")), Sum("s", ("b", "c")), Sum("t", ("a", "c"))]
    assert determined({"a", "b", "c"}, sums) == {"a", "b", "c"}
    assert determined({"a", "b", "c", "r"}, sums) == set()


def test_what_follows_from_what_is_determined_is_told_too() -> None:
    """The rest of a hidden total stands in one sum alone; when the total is worked out elsewhere, so is the rest."""
    sums = [Sum("n", ("open", "rest")), Sum("all", ("open", "other"))]
    assert determined({"open", "rest"}, sums) == {"open", "rest"}


@given(TABLE)
@settings(max_examples=25)
def test_the_solver_recovers_nothing_from_a_table_with_its_totals(table: list[list[int]]) -> None:
    counts, sums = ledger_of(table)
    hidden = hidden_of(counts, sums)
    assert not {key for key in counts if is_small(counts[key])} - hidden
    assert recovered(counts, sums, hidden) == set()


def test_the_solver_is_no_fool() -> None:
    """Hiding only what is small is not enough, and the solver shows it."""
    counts, sums = ledger_of([[5, 60, 20], [30, 41, 12]])
    assert recovered(counts, sums, {"0,0"}) == {"0,0"}


def filled(ward: Ward, seed: int, n: int = 220) -> None:
    """A cohort in which much is small: strata of every size, exits of every class."""
    dice = random.Random(seed)
    for _ in range(n):
        race = dice.choices(["White", "Black", "Asian", ""], [60, 25, 8, 7])[0]
        far = dice.choice([1, 2, 3, 4, 6, 6, 6])
        days = sorted(dice.randrange(0, 60) for _ in range(far))
        more: dict[str, Any] = {"patient": ward.patient(race=race, sex=dice.choice(["female", "male"])), "opened": 0}
        if far < 6 and dice.random() < 0.7:
            exit_class = dice.choices(EXIT_CLASSES, [60, 10, 12, 12, 6])[0]
            more |= {"ended": 70, "exit_class": exit_class, "exit_reason": f"{exit_class} {dice.randrange(2)}"}
        ward.journey(*[0, *days[1:]], **more)


def published(answer: dict[str, Any], prefix: str = "") -> set[str]:
    """The keys of what an answer shows, read from the answer alone."""
    found = {name for name in ("n", "open") if answer[name] is not None}
    for i, step in enumerate(answer["steps"]):
        every = {**step, **step["left"]}
        found |= {
            f"{i}:{name}" for name in ("entered", *losing.CELLS, "implied", "measured", "already", "matured") if every[name] is not None
        }
        found |= {f"{i}:why:{reason}" for reason, count in step["reasons"].items() if count is not None}
        found |= {f"{i}:within"} if step["conversion"] is not None else set()
    found |= {f"end:{end['kind']}:{end['reason']}" for end in answer["ends"] if end["count"] is not None}
    return {f"{prefix}{key}" for key in found} | {
        key for name, part in answer.get("strata", {}).items() for key in published(part, f"{prefix}{name}|")
    }


def world(report: DropOff) -> tuple[dict[str, int], list[Sum]]:
    """Every count that could be told of a report and its strata, and the sums that hold whatever it says. Written apart from the ledger."""
    counts: dict[str, int] = {}
    sums: list[Sum] = []
    for p, part in [("", report), *((f"{name}|", part) for name, part in report.strata.items())]:
        counts |= {f"{p}n": part.n, f"{p}open": part.open, f"{p}ended": part.n - part.open}
        sums.append(Sum(f"{p}n", (f"{p}open", f"{p}ended")))
        counts |= {f"{p}end:{end.kind}:{end.reason}": end.count for end in part.ends}
        sums.append(Sum(f"{p}ended", tuple(f"{p}end:{end.kind}:{end.reason}" for end in part.ends)))
        for i, step in enumerate(part.steps):
            at = f"{p}{i}:"
            counts |= {f"{at}entered": step.entered, **{f"{at}{name}": n for name, n in step.cells.items()}}
            counts |= {
                f"{at}within": losing_arrived(step),
                f"{at}later": step.measured - losing_arrived(step),
                f"{at}measured": step.measured,
            }
            sums += [Sum(f"{at}entered", tuple(f"{at}{name}" for name in step.cells)), Sum(f"{at}measured", (f"{at}within", f"{at}later"))]
            if i:
                sums.append(Sum(f"{at}entered", (f"{p}{i - 1}:reached", f"{p}{i - 1}:not_applicable")))
        for kind in ("completed", *EXIT_CLASSES):
            ends = [f"{p}end:{end.kind}:{end.reason}" for end in part.ends if end.kind == kind]
            steps = [f"{p}{i}:{kind}" for i in range(len(part.steps))]
            counts |= {f"{p}all {kind}": sum(counts[key] for key in ends)}
            counts |= {f"{p}past {kind}": counts[f"{p}all {kind}"] - sum(counts[key] for key in steps)}
            sums += [Sum(f"{p}all {kind}", tuple(ends)), Sum(f"{p}all {kind}", (*steps, f"{p}past {kind}"))]
    for key in [key for key in counts if "|" not in key and not key.endswith((":within", ":later"))]:
        parts = tuple(f"{name}|{key}" for name in report.strata if f"{name}|{key}" in counts)
        if parts and sum(counts[part] for part in parts) == counts[key]:
            sums.append(Sum(key, parts))
    return counts, sums


def losing_arrived(step: Any) -> int:
    share: float = step.conversion.value or 0.0
    return round(share * int(step.measured))


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 12))])
def test_the_solver_recovers_nothing_from_a_report_and_its_strata(ward: Ward, seed: int) -> None:
    """As if every shown count were exact: rounding is a second wall behind this one."""
    filled(ward, seed, n=60 if seed == 1 else 130)
    for by in ("sex",) if seed == 1 else ("race", "sex"):
        report = losing.drop_off(ward.ask(by=by))
        seen = published(as_shown(report))
        counts, sums = world(report)
        hidden = set(counts) - seen
        assert not {key for key in seen & set(counts) if is_small(counts[key])}
        assert recovered(counts, sums, hidden) == set()


def test_the_whole_looks_the_same_whatever_it_is_shown_apart_by(ward: Ward) -> None:
    """Two views that hid different things of the whole could be laid side by side."""
    filled(ward, 3, n=60)
    views = [as_shown(losing.drop_off(ward.ask(by=by))) for by in ("", "race", "sex")]
    assert len({str({**view, "strata": None, "by": None}) for view in views}) == 1


def test_shown_counts_are_to_the_nearest_five_and_none_reads_one_to_ten() -> None:
    assert [rounded(n) for n in (0, 11, 12, 13, 98)] == [0, 15, 15, 15, 100]


def test_a_share_fits_five_numerators_at_least() -> None:
    """Whoever multiplies it with its denominator, known to the last patient, is left with five who could be meant. All and none are told:
    the few beside them are hidden with their counts."""
    for n in (22, 49, 50, 99, 100, 250, 499, 500, 1350):
        fits = Counter(coarse_share(k / n, n) or 0.0 for k in range(n + 1))
        assert min(fits[share] for share in fits if share not in (min(fits), max(fits))) >= 5, n


def test_two_horizons_do_not_tell_who_came_between(ward: Ward) -> None:
    """Thirty arrive within 30 days, three more within 60: the two shares of the same hundred say nothing of three."""
    for n in range(100):
        ward.journey(*([0, 5, 6, 7, 8, 20 if n < 30 else 45] if n < 33 else [0]), opened=0)
    shares = [as_shown(losing.drop_off(ward.ask(day=300, horizon_days=days)))["whole"]["value"] for days in (30, 60)]
    assert shares[0] is not None
    assert abs(shares[1] - shares[0]) * 100 not in {1, 2, 3, 4}


def test_a_party_with_few_is_not_what_the_shares_of_the_others_leave() -> None:
    """The shares of days add up to one: one hidden alone could be worked out."""
    turns = [Turn("clinic", 200, 900.0, 90.0, 0.9), Turn("lab", 120, 80.0, 8.0, 0.08), Turn("payer", 4, 20.0, 2.0, 0.02)]
    assert [one["share_of_days"] for one in _turns(turns, exact=False)] == [0.9, None, None]
    assert [one["share_of_days"] for one in _turns(turns, exact=True)] == [0.9, 0.08, 0.02]


def test_two_dates_do_not_tell_who_came_between(ward: Ward) -> None:
    """Three more patients by the next week: what is shown of the two weeks does not say three."""
    filled(ward, 5, n=60)
    before = as_shown(losing.drop_off(ward.ask(day=100)))
    for _ in range(3):
        ward.journey(101)
    after = as_shown(losing.drop_off(ward.ask(day=107)))
    assert before["n"] is not None and after["n"] is not None
    assert after["n"] - before["n"] != 3


def test_equity_says_nothing_that_drop_off_hides(ward: Ward) -> None:
    filled(ward, 7, n=60)
    sheet = equity(ward.ask(by="race"), exact=False)
    told = shown.drop_off(losing.drop_off(ward.ask(by="race")))
    rows = {str(row[0].value): row for row in sheet.table("gaps").rows}
    for name, part in told["strata"].items():
        assert rows[name][1] == (Cell(hidden=True) if part["n"] is None else Cell(part["n"]))
        assert rows[name][2].hidden == (part["whole"] is None)


def test_follow_up_shares_are_hidden_with_their_numerators(ward: Ward) -> None:
    """Four of sixty arrive in time: the share would say four."""
    for i in range(60):
        ward.journey(0, 5 if i < 4 else None, opened=0)
    step = as_shown(losing.drop_off(ward.ask(day=300)))["steps"][1]
    assert (step["reached"], step["conversion"]) == (None, None)
