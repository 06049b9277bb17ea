"""Where people on the smaller programmes truly waited, told from the steps of their story."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from pathways.deadlines import add_months

from .account import Account
from .course import Step

WINDOW = timedelta(days=14)


class MonitoringAccount(Account):
    """Draws are due from the day of surgery; a window that ends empty begins a wait of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.operated: datetime | None = None
        self.draws: list[datetime] = []
        self.resulted = False

    def on_surgery_done(self, step: Step) -> None:
        self.operated = step.at
        self.enter("main", "to_order", step.at)

    def on_test_ordered(self, step: Step) -> None:
        self.enter("main", "to_sample", step.at)

    def on_specimen_collected(self, step: Step) -> None:
        self.draws.append(step.at)
        if self.where("main") == "to_sample":
            self.enter("main", "awaiting_first", step.at)
        self.enter("sample", "at_lab" if self.resulted else "first_at_lab", step.at)

    def on_result_final(self, step: Step) -> None:
        self.resulted = True
        if self.where("main") == "awaiting_first":
            self.leave("main", step.at)
        self.enter("sample", "to_tell", step.at)
        if step.data["answers"][0][1] == "Detected":
            self.enter("positive", "to_review", step.at)

    def on_result_communicated(self, step: Step) -> None:
        self.leave("sample", step.at)

    def on_result_reviewed(self, step: Step) -> None:
        if self.where("positive"):
            self.enter("positive", "to_image", step.at)

    def on_imaging_done(self, step: Step) -> None:
        self.enter("positive", "to_decide", step.at)

    def on_treatment_decided(self, step: Step) -> None:
        self.leave("positive", step.at)
        self.enter("main", "confirm_end", step.at)

    def look(self, zone: str, today: datetime) -> None:
        """Windows of the first two years that ended with nothing in them."""
        windows = self._windows(ZoneInfo(zone))
        for n, (opens, closes) in enumerate(windows):
            ended = min(self.ended or today, today)
            if closes > ended or any(opens <= draw < closes for draw in self.draws):
                continue
            following = windows[n + 1][0] if n + 1 < len(windows) else None
            late = next((draw for draw in self.draws if draw >= closes and (following is None or draw < following)), None)
            left = min((at for at in (late, following, self.ended) if at is not None and at <= today), default=None)
            self.add("draws.missed", closes, left)

    def _windows(self, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
        if self.operated is None:
            return []
        day = self.operated.astimezone(zone).date()
        middays = (datetime.combine(add_months(day, 3 * number), time(), zone) for number in range(1, 9))
        return [(due - WINDOW, due + WINDOW + timedelta(days=1)) for due in middays]


class OnFileAccount(Account):
    """A panel on file; an affected drug begins the wait, alone or under an inhibitor."""

    def __init__(self) -> None:
        super().__init__()
        self.affected: set[str] = set()

    def on_result_final(self, step: Step) -> None:
        said = dict(step.data["answers"])
        if any("CYP2C19" in marker and "Normal" not in phenotype for marker, phenotype in said.items()):
            self.affected.add("clopidogrel")

    def on_drug_ordered(self, step: Step) -> None:
        drug = step.data["drug"].text
        if drug == "paroxetine":
            self.affected.add("codeine")
        elif drug in self.affected:
            self.enter("main", "to_recommend", step.at)

    def on_recommendation_delivered(self, step: Step) -> None:
        self.enter("main", "to_answer", step.at)

    def on_prescriber_answered(self, step: Step) -> None:
        self.leave("main", step.at)
        if step.data["answer"] == "changed":
            self.enter("main", "to_verify", step.at)

    def on_drug_dispensed(self, step: Step) -> None:
        if self.where("main") == "to_verify":
            self.leave("main", step.at)


class OutsideAccount(Account):
    """From the document to the hand-over."""

    is_confirmed = False

    def on_external_result(self, step: Step) -> None:
        self.enter("main", "to_triage", step.at)

    def on_triaged(self, step: Step) -> None:
        if step.data["decision"] == "nothing":
            self.end(step.at)
        else:
            self.enter("main", "to_order", step.at)

    def on_test_ordered(self, step: Step) -> None:
        self.enter("main", "to_sample", step.at)

    def on_specimen_collected(self, step: Step) -> None:
        self.enter("main", "awaiting_result", step.at)

    def on_result_final(self, step: Step) -> None:
        self.enter("main", "to_conclude", step.at)

    def on_confirmation_concluded(self, step: Step) -> None:
        self.is_confirmed = step.data["conclusion"] == "confirmed"
        self.enter("main", "to_tell", step.at)

    def on_result_communicated(self, step: Step) -> None:
        if self.is_confirmed:
            self.enter("main", "to_hand_over", step.at)
        else:
            self.end(step.at)

    def on_handed_over(self, step: Step) -> None:
        self.end(step.at)
