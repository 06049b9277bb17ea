"""Where children truly waited. A wait whose clock counts from birth is told as if it began when the day of birth was over."""

from __future__ import annotations

from datetime import datetime

from .account import Account
from .course import Step


class NewbornAccount(Account):
    """From birth to the answer that stands."""

    def __init__(self) -> None:
        super().__init__()
        self.second = False

    def on_born(self, step: Step) -> None:
        self.day_is_over: datetime = step.data["day_is_over"]
        self._from_birth("to_offer", step)

    def on_test_ordered(self, step: Step) -> None:
        self._from_birth("to_collect", step)

    def _from_birth(self, stage: str, step: Step) -> None:
        self.leave("main", step.at)
        self.at["main"] = (stage, self.day_is_over)

    def on_screening_refused(self, step: Step) -> None:
        self.enter("main", "refusal", step.at)

    def on_specimen_collected(self, step: Step) -> None:
        if self.second:
            self.enter("repeat", "again_at_lab", step.at)
        else:
            self.enter("main", "in_transit", step.at)

    def on_specimen_received(self, step: Step) -> None:
        if not self.second:
            self._from_birth("at_lab", step)

    def on_specimen_rejected(self, step: Step) -> None:
        self.second = True
        self.leave("main", step.at)
        self.enter("repeat", "to_recollect", step.at)

    def on_screen_result(self, step: Step) -> None:
        if step.data["answer"] == "in_range":
            self.end(step.at)
        else:
            self.enter("main", "critical_notify" if step.data["criticality"] == "time_critical" else "notify", step.at)
            self.positive = step.at

    def on_provider_notified(self, step: Step) -> None:
        self.enter("main", "critical_contact" if self.where("main") == "critical_notify" else "contact", step.at)

    def on_result_communicated(self, step: Step) -> None:
        self.enter("main", "critical_confirm" if self.where("main") == "critical_contact" else "confirm", step.at)

    def on_consulted(self, step: Step) -> None:
        self.leave("main", step.at)
        self.at["main"] = ("resolve", self.positive)

    def on_diagnosis_resolved(self, step: Step) -> None:
        if step.data["outcome"] == "false_positive":
            self.end(step.at)
        else:
            self.enter("main", "treat", step.at)

    def on_management_recorded(self, step: Step) -> None:
        self.end(step.at)


class GenomeAccount(Account):
    """From the criteria to what was done about the answer; a death does not end it."""

    def __init__(self) -> None:
        super().__init__()
        self.settled: set[str] = set()
        self.sampled: datetime | None = None
        self.dead = self.home = self.managed = self.found = False

    def on_eligibility_flagged(self, step: Step) -> None:
        self.enter("main", "to_consult", step.at)

    def on_consulted(self, step: Step) -> None:
        if self.where("main") == "to_consult":
            self.enter("main", "to_consent", step.at)
        elif self.home and self.found:
            self.end(step.at)
        elif self.home:
            self.enter("main", "reanalysis", step.at)

    def on_consent_recorded(self, step: Step) -> None:
        self.enter("main", "to_order" if step.data["decision"] == "granted" else "refusal", step.at)

    def on_test_ordered(self, step: Step) -> None:
        self.enter("main", "to_trio", step.at)

    def on_specimen_collected(self, step: Step) -> None:
        self._settle(str(step.data["donor"] or "child"), step)

    def on_parent_unavailable(self, step: Step) -> None:
        self._settle(str(step.data["parent"]), step)

    def _settle(self, whom: str, step: Step) -> None:
        self.settled.add(whom)
        if self.settled == {"child", "mother", "father"}:
            self.sampled = step.at
            self.enter("main", "at_lab", step.at)

    def on_result_partial(self, step: Step) -> None:
        self.found = "gene" in step.data
        self.enter("main", "to_notify", step.at)
        self.enter("final", "pending", self.sampled or step.at)

    def on_result_final(self, step: Step) -> None:
        self.leave("final", step.at)
        self.enter("main", "to_notify", step.at)

    def on_provider_notified(self, step: Step) -> None:
        self.enter("main", "after_death" if self.dead else "to_tell", step.at)

    def on_result_communicated(self, step: Step) -> None:
        self.enter("main", "to_manage", step.at)
        if self.managed:
            self._after_management(step.at)

    def on_management_recorded(self, step: Step) -> None:
        self.managed = True
        self._after_management(step.at)

    def _after_management(self, at: datetime) -> None:
        if self.dead and not self.where("final"):
            self.end(at)
        else:
            self.enter("main", "to_follow_up" if self.home else "in_hospital" if not self.dead else "to_manage", at)

    def on_discharged(self, step: Step) -> None:
        self.home = True
        if self.where("main") == "in_hospital":
            self.enter("main", "to_follow_up", step.at)

    def on_death(self, step: Step) -> None:
        self.dead = True
