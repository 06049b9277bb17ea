"""DG1, PRB and RF1: diagnoses, problems, referrals; PR1: procedures that took tissue. Pure."""

from __future__ import annotations

import re

from pathways.ingest import diseases, molecular
from pathways.ingest.when import at

from .part import Part
from .tokens import Segment

VERIFICATION = {"F": "confirmed", "W": "provisional", "A": "provisional", "": "provisional"}
"""DG1-6: only a final diagnosis is confirmed; a working or admitting one, and one of no type, is provisional."""

CONFIRMED = frozenset({"CON", "C", "CONFIRMED", "ESTABLISHED", "DEFINITIVE"})
RULED_OUT = frozenset({"RO", "R", "REFUTED", "RULED OUT", "RULEDOUT", "NO"})
PROBLEM_GONE = frozenset({"DE"})
DAY = re.compile(r"(19|20)\d{6}(\d{4,6})?")
REFERS, CANCELS = frozenset({"I12", "I13", "I14"}), frozenset({"I14"})


def from_dg1(part: Part) -> None:
    for dg1 in part.all("DG1"):
        disease = part.coded(dg1, 3)
        text = disease.text or part.get(dg1, 4)
        if not disease.codings and not text:
            continue
        when = part.moment(dg1, 5) or part.moment(dg1, 19) or at(part.statement.message_at)
        body = diseases.body(disease, text, VERIFICATION.get(part.get(dg1, 6).upper(), "provisional"))
        name = part.id(dg1, 20) or diseases.name(body, when)
        retracted = part.get(dg1, 21).upper() == "D"
        recorded = part.instant(dg1, 19)
        part.statement.say("diagnosis", name, when, body, recorded_at=recorded, retracted=retracted)


def from_problems(part: Part) -> None:
    """PPR: PRB-13 confirms, PRB-14 tells the life cycle, PRB-1 `DE` deletes."""
    for prb in part.all("PRB"):
        problem = part.coded(prb, 3)
        if DAY.fullmatch(problem.label):
            part.statement.note("PRB-3 holds a time: the problem was read from PRB-4")
            problem = part.coded(prb, 4)
        if not problem.codings and not problem.text:
            continue
        when = part.moment(prb, 7) or part.moment(prb, 16) or part.moment(prb, 2)
        said = {part.get(prb, field).upper() for field in (13,)} | {part.get(prb, 13, 2).upper()}
        verification = "confirmed" if said & CONFIRMED else "refuted" if said & RULED_OUT else "unconfirmed"
        body = diseases.body(problem, problem.text, verification)
        name = part.id(prb, 4) or diseases.name(body, when)
        part.statement.say(
            "diagnosis", name, when, body, issued_at=part.instant(prb, 2), retracted=part.get(prb, 1).upper() in PROBLEM_GONE
        )


def from_referral(part: Part, trigger: str) -> None:
    """RF1; a referral that comes without one goes by its order number, else by the day of the message. I14 and RF1-1 `R`, `E` take it back."""
    rf1 = part.message.one("RF1")
    if not rf1:
        _bare_referral(part, trigger)
        return
    reason = part.coded(rf1, 10)
    when = part.moment(rf1, 7) or part.moment(rf1, 9)
    number = part.id(rf1, 6) or part.id(rf1, 11) or (f"@{when.lo.isoformat()}" if when else "referral")
    cancelled = trigger in CANCELS or part.get(rf1, 1).upper() in ("R", "E")
    body = {"code": reason.body()["code"], "text": reason.label or part.coded(rf1, 3).label, "specialty": part.coded(rf1, 3).label}
    body["reasons"] = _reasons(part)
    part.statement.say(
        "referral",
        number,
        when or at(part.statement.message_at),
        body,
        keys=part.statement.keys(auth=part.get(rf1, 6)),
        retracted=cancelled,
    )


def _bare_referral(part: Part, trigger: str) -> None:
    when, asked = at(part.statement.message_at), part.one("OBR")
    if trigger not in REFERS or when is None:
        return
    number = part.id(asked, 2) or part.id(asked, 3) or part.id(part.one("ORC"), 2) or f"@{when.lo.date().isoformat()}"
    test = part.coded(asked, 4)
    body = {"code": test.body()["code"], "text": test.label, "specialty": "", "reasons": _reasons(part)}
    part.statement.note("REF without an RF1: whom it is for and why were not read")
    part.statement.say("referral", number, when, body, keys=part.statement.keys(auth=number), retracted=trigger in CANCELS)


def _reasons(part: Part) -> str:
    return ",".join(sorted({code for dg1 in part.all("DG1") for code in part.coded(dg1, 3).all_codes()}))


def from_procedures(part: Part) -> None:
    """PR1: only what took tissue."""
    for pr1 in part.all("PR1"):
        procedure = part.coded(pr1, 3)
        words = f"{procedure.words} {part.get(pr1, 4)}"
        when = part.moment(pr1, 5)
        if molecular.TISSUE_TAKEN.search(words) and when:
            _biopsy(part, pr1, words, procedure.body(), when.lo.isoformat())


def _biopsy(part: Part, pr1: Segment, words: str, code: dict[str, str], dated: str) -> None:
    name = part.id(pr1, 19) or f"{code['code']}@{dated}"
    part.statement.say("biopsy_done", name, part.moment(pr1, 5), {"code": code["code"], "text": words.strip()})
