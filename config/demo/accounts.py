"""Where each invented person truly waited, told from the steps of the story: one account per programme."""

from __future__ import annotations

from datetime import datetime

from . import germline, lung, monitoring, nursery, on_file, outside, pgx, tumours
from .account import Account, Wait
from .course import ZONES, Course, Step
from .findings import Report
from .germline_account import FamilyAccount, ScreenAccount
from .nursery_account import GenomeAccount, NewbornAccount
from .small_accounts import MonitoringAccount, OnFileAccount, OutsideAccount

__all__ = ["Account", "LungAccount", "PgxAccount", "Wait", "waits"]


class LungAccount(Account):
    """The lung programme as a person would tell it from the patient's chart."""

    def __init__(self) -> None:
        super().__init__()
        self.report: Report | None = None
        self.flagged = False
        self.parts: set[str] = set()
        self.treated: datetime | None = None

    def on_referral(self, step: Step) -> None:
        self.enter("main", "to_biopsy", step.at)

    def on_biopsy_ordered(self, step: Step) -> None:
        if self.where("tissue") == "qns":
            self.leave("tissue", step.at)

    def on_biopsy_done(self, step: Step) -> None:
        self.leave("visit", step.at)
        if self.where("main") == "to_biopsy":
            self.enter("main", "to_order" if "diagnosis" in self.known else "to_diagnose", step.at)
        if self.where("tissue") == "qns":
            self.leave("tissue", step.at)

    def on_specimen_collected(self, step: Step) -> None:
        if step.data["specimen_class"] == "plasma":
            self.enter("plasma", "at_lab", step.at)

    def on_diagnosis(self, step: Step) -> None:
        if self.where("main") == "to_diagnose":
            self.enter("main", "to_order", step.at)

    def on_specimen_rejected(self, step: Step) -> None:
        self.enter("tissue", "qns", step.at)
        if "test_ordered" not in self.known:
            self.enter("main", "to_biopsy", step.at)

    def on_test_ordered(self, step: Step) -> None:
        if step.data.get("specimen_class") == "plasma":
            self.enter("plasma", "to_draw", step.at)
            return
        self.enter("main", "awaiting_result", step.at)
        self.enter("tissue", "to_send", step.at)

    def on_specimen_sent(self, step: Step) -> None:
        self.enter("tissue", "in_transit", step.at)

    def on_specimen_received(self, step: Step) -> None:
        if step.data.get("specimen_class") != "plasma":
            self.enter("tissue", "at_lab", step.at)

    def on_result_failed(self, step: Step) -> None:
        self.enter("tissue", "failed", step.at)

    def on_result_partial(self, step: Step) -> None:
        self._read(step.data["report"], step.at)

    def on_result_final(self, step: Step) -> None:
        if step.data.get("specimen_class") == "plasma":
            self.leave("plasma", step.at)
            return
        self.leave("tissue", step.at)
        self._read(step.data["report"], step.at)
        if not self.flagged:
            self.enter("main", "to_review", step.at)

    def _read(self, report: Report, moment: datetime) -> None:
        """The first actionable finding acts at once."""
        self.report = report
        if report.drugs and not self.flagged:
            self.flagged = True
            self.enter("main", "to_decide", moment)
            self.enter("confirmation", "to_confirm", moment)
            self.enter("untreated", "waiting", moment)

    def on_result_reviewed(self, step: Step) -> None:
        if self.where("main") == "to_review" and self.report is not None:
            if self.report.present is None:
                self.end(step.at)
            else:
                self.enter("main", "later_line", step.at)

    def on_actionable_confirmed(self, step: Step) -> None:
        self.leave("confirmation", step.at)

    def on_treatment_decided(self, step: Step) -> None:
        self.leave("confirmation", step.at)
        if self.where("main") == "to_decide":
            self.enter("main", "to_prescribe", step.at)

    def on_drug_ordered(self, step: Step) -> None:
        if self.where("main") in ("to_decide", "to_prescribe"):
            self.enter("main", "drug", step.at)
            self.enter("payer_drug", "to_submit", step.at)

    def on_pa_submitted(self, step: Step) -> None:
        self.enter("payer_drug", "submitted", step.at)

    def on_pa_denied(self, step: Step) -> None:
        self.enter("payer_drug", "denied", step.at)

    def on_pa_appealed(self, step: Step) -> None:
        self.enter("payer_drug", "appealed", step.at)

    def on_pa_approved(self, step: Step) -> None:
        self.leave("payer_drug", step.at)

    def on_drug_dispensed(self, step: Step) -> None:
        self._receive(step, confirmed=False)

    def on_drug_administered(self, step: Step) -> None:
        self._receive(step, confirmed=True)

    def _receive(self, step: Step, *, confirmed: bool) -> None:
        self.leave("payer_drug", step.at) if self.where("main") == "drug" else None
        drug = step.data["drug"]
        if not self.flagged or self.report is None or drug not in self.report.drugs:
            return
        self.parts.add(drug.rxcui)
        if self.treated is not None and (step.at - self.treated).days >= 14 and self.where("main") == "persistence":
            self.end(step.at)
        elif self.treated is None and self.parts == {each.rxcui for each in self.report.drugs}:
            self.treated = step.at
            self.leave("confirmation", step.at)
            self.leave("untreated", step.at)
            self.enter("main", "persistence" if confirmed else "confirm_start", step.at)

    def on_first_dose_attested(self, step: Step) -> None:
        if self.where("main") == "confirm_start":
            self.enter("main", "persistence", step.at)

    def on_hospice_started(self, step: Step) -> None:
        self.enter("main", "confirm_end", step.at)
        self.leave("untreated", step.at)

    def on_visit_booked(self, step: Step) -> None:
        self.enter("visit", "booked", step.at)

    def on_visit_missed(self, step: Step) -> None:
        self.enter("visit", "missed", step.at)

    def on_visit_kept(self, step: Step) -> None:
        self.leave("visit", step.at)


class TumourAccount(LungAccount):
    """Colon, breast and prostate: enrolled with the diagnosis, ordered before the tissue is fetched."""

    def on_diagnosis(self, step: Step) -> None:
        if not self.at:
            self.enter("main", "to_order", step.at)

    def on_test_ordered(self, step: Step) -> None:
        self.enter("main", "to_sample", step.at)

    def on_specimen_collected(self, step: Step) -> None:
        self.enter("main", "awaiting_result", step.at)
        self.enter("tissue", "to_send", step.at)

    def on_specimen_rejected(self, step: Step) -> None:
        self.enter("tissue", "qns", step.at)
        self.enter("main", "to_sample", step.at)

    def on_result_reviewed(self, step: Step) -> None:
        if self.where("main") == "to_review":
            self.end(step.at)


class PgxAccount(Account):
    """From the affected drug to the answer."""

    def on_drug_ordered(self, step: Step) -> None:
        if not self.at:
            self.enter("main", "to_order", step.at)

    def on_test_ordered(self, step: Step) -> None:
        self.enter("main", "to_sample", step.at)

    def on_specimen_collected(self, step: Step) -> None:
        self.enter("main", "awaiting_result", step.at)

    def on_result_final(self, step: Step) -> None:
        if step.data["phenotype"] == "Normal metabolizer":
            self.end(step.at)
        else:
            self.enter("main", "to_recommend", step.at)

    def on_recommendation_delivered(self, step: Step) -> None:
        self.enter("main", "to_answer", step.at)

    def on_prescriber_answered(self, step: Step) -> None:
        if step.data["answer"] == "changed":
            self.enter("main", "to_verify", step.at)
        else:
            self.end(step.at)

    def on_drug_dispensed(self, step: Step) -> None:
        if self.where("main") == "to_verify":
            self.end(step.at)


ACCOUNTS: dict[str, type[Account]] = {
    lung.PATHWAY: LungAccount,
    pgx.PATHWAY: PgxAccount,
    monitoring.PATHWAY: MonitoringAccount,
    on_file.PATHWAY: OnFileAccount,
    outside.PATHWAY: OutsideAccount,
    germline.FAMILY: FamilyAccount,
    germline.SCREEN: ScreenAccount,
    nursery.SCREENING: NewbornAccount,
    nursery.GENOME: GenomeAccount,
    **{tumour.pathway: TumourAccount for tumour in (tumours.COLON, tumours.BREAST, tumours.PROSTATE)},
}


def waits(course: Course, today: datetime) -> list[Wait]:
    """Where the person truly waited, by their steps until `today`."""
    account = ACCOUNTS[course.pathway]()
    for step in course.until(today):
        if account.ended is None:
            account.hear(step)
    account.look(ZONES[course.person.site], today)
    return account.close()
