"""Where people of the genetics clinic truly waited, from the diagnosis or the consent to the first act of risk management."""

from __future__ import annotations

from datetime import datetime

from .account import Account
from .course import Step


class FamilyAccount(Account):
    """Hereditary cancer, the first person of a family."""

    significance = ""
    resulted: datetime | None = None
    told: datetime | None = None
    found = "to_disclose"
    after_told = "to_plan"

    def on_diagnosis(self, step: Step) -> None:
        self.enter("main", "to_refer", step.at)

    def on_referral(self, step: Step) -> None:
        self.enter("main", "to_counsel", step.at)

    def on_counselled(self, step: Step) -> None:
        self.enter("main", "to_order", step.at)

    def on_test_ordered(self, step: Step) -> None:
        self.enter("main", "to_collect", step.at)

    def on_specimen_collected(self, step: Step) -> None:
        self.enter("main", "awaiting_result", step.at)

    def on_result_final(self, step: Step) -> None:
        self.significance, self.resulted = str(step.data.get("significance", "")), step.at
        stages = {"pathogenic": self.found, "vus": "to_tell_uncertain"}
        self.enter("main", stages.get(self.significance, "to_tell"), step.at)

    def on_result_communicated(self, step: Step) -> None:
        self.told = step.at
        if self.significance == "pathogenic":
            self.enter("main", self.after_told, step.at)
            self.enter("family", "to_ask", step.at)
            self.enter("problem_list", "to_list", step.at)
        elif self.significance == "vus":
            self.leave("main", step.at)  # watched; nothing is late
        else:
            self.end(step.at)

    def on_relative_named(self, step: Step) -> None:
        self.leave("family", step.at)

    def on_problem_listed(self, step: Step) -> None:
        self.leave("problem_list", step.at)

    def on_management_planned(self, step: Step) -> None:
        self.enter("main", "to_act", step.at)

    def on_risk_managed(self, step: Step) -> None:
        self.end(step.at)


class ScreenAccount(FamilyAccount):
    """Population screening: some waits count from the result or from the telling."""

    found = "to_tell_doctor"
    after_told = "to_counsel"

    def on_consent_recorded(self, step: Step) -> None:
        if step.data["consent_kind"] == "research":
            self.enter("main", "to_order", step.at)

    def on_provider_told(self, step: Step) -> None:
        self._since("to_phone", step, self.resulted)

    def on_contact_attempted(self, step: Step) -> None:
        if step.data["outcome"] == "reached":
            self._since("to_disclose", step, self.resulted)
        else:
            self.enter("main", {"phone": "to_portal", "portal": "to_letter", "letter": "letter_out"}[step.data["channel"]], step.at)

    def on_counselled(self, step: Step) -> None:
        self._since("to_plan", step, self.told)

    def on_management_planned(self, step: Step) -> None:
        self._since("to_act", step, self.told)

    def on_already_known(self, step: Step) -> None:
        self.end(step.at)

    def _since(self, stage: str, step: Step, since: datetime | None) -> None:
        """The clock of the stage runs from something that was before it."""
        self.leave("main", step.at)
        self.at["main"] = (stage, since or step.at)
