"""Codes in words: kinds of events, and the names of ends, problems and tracks of the shipped programmes.

Looked up by the filters `words`, `sentence` and `translated`. A site's own programme says what it says: what is missing here is shown as written.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

KINDS = [
    _("Diagnosis"), _("Referral"), _("Pathology report"), _("Stage recorded"), _("Activity logged"), _("Biopsy ordered"),
    _("Biopsy done"), _("Biopsy not done"), _("Surgery done"), _("Test ordered"), _("Order held"), _("Order cancelled"),
    _("Specimen collected"), _("Specimen sent"), _("Specimen received"), _("Specimen adequate"), _("Specimen rejected"),
    _("Result partial"), _("Result final"), _("Result failed"), _("Result document"), _("Phenotype assigned"), _("External result"),
    _("Triaged"), _("Confirmation concluded"), _("Result reviewed"), _("Result communicated"), _("Form sent"),
    _("Family history returned"), _("Counselled"), _("Kit sent"), _("Provider told"), _("Already known"), _("Management planned"),
    _("Problem listed"), _("Risk managed"), _("Tumor board reviewed"), _("Treatment decided"), _("Imaging ordered"), _("Imaging done"),
    _("Recommendation delivered"), _("Prescriber answered"), _("Drug ordered"), _("Drug order stopped"), _("Drug dispensed"),
    _("Drug returned"), _("Drug administered"), _("Drug not given"), _("First dose attested"), _("Persistence confirmed"),
    _("Change verified"), _("Prior authorization submitted"), _("Prior authorization pended"), _("Prior authorization peer to peer"),
    _("Prior authorization approved"), _("Prior authorization denied"), _("Prior authorization appealed"),
    _("Prior authorization not required"), _("Assistance requested"), _("Assistance granted"), _("Assistance denied"), _("Bill paid"),
    _("Bill denied"), _("Visit moved"), _("Visit cancelled"), _("Visit missed"), _("Visit kept"), _("Admitted"), _("Discharged"),
    _("Transferred out"), _("Trial screening"), _("Trial on study"), _("Trial screen failed"), _("Hospice started"),
    _("Eligibility flagged"), _("Consulted"), _("Parent unavailable"), _("Provider notified"), _("Management recorded"), _("Reanalysed"),
    _("Screen result"), _("Screen triaged"), _("Screening refused"), _("Transfused"), _("Diagnosis resolved"), _("Death"),
    _("Death hint"), _("Consent recorded"), _("Enrolled"), _("Resumed"), _("Reopened"), _("Voided"), _("Restored"), _("Picked"),
    _("Actionable confirmed"), _("Not actionable confirmed"), _("Knowledge reviewed"), _("Handed over"), _("Care team changed"), _("Notice acknowledged"),
    _("Notice answered"), _("Work outcome"), _("Contact attempted"), _("Patient replied"), _("Patient said"), _("Reply read"),
    _("Relative named"), _("Relative joined"), _("Family news"), _("Migrated"), _("Result corrected"), _("Flagged actionable"),
    _("Later line actionable"), _("Not actionable"), _("Cannot say"), _("Matched therapy"), _("Unmatched therapy"), _("Empiric started"),
    _("Interaction flagged"), _("Occurrence due"), _("Occurrence met"), _("Occurrence missed"), _("Occurrence skipped"),
]  # fmt: skip
NAMES = [
    _("Suspected"), _("Advanced"), _("Matched therapy"), _("No actionable alteration"), _("Completed elsewhere"),
    _("Ineligible histology or stage"), _("Clinician chose another therapy"), _("Enrolled in a trial"), _("Contraindicated"),
    _("Hospice or best supportive care"), _("Clinical deterioration"), _("Transferred"), _("Tissue not enough, no new biopsy"), _("Test failed and was not repeated"),
    _("Not ordered"), _("Result not reviewed"), _("Payer's denial is final"), _("Cost"), _("No transport"), _("Started before result"),
    _("Not aware"), _("Lost to follow-up"), _("Declined test"), _("Declined result"), _("Declined therapy"), _("Before first line"),
    _("No biopsy"), _("No diagnosis"), _("No order"), _("No specimen"), _("No result"), _("Panel incomplete"), _("Later line review"),
    _("No decision"), _("Not prescribed"), _("No drug"), _("Not picked up"), _("Start unconfirmed"), _("Persistence unknown"),
    _("Reason missing"), _("End unconfirmed"), _("Tissue"), _("Not sent"), _("Not received"), _("QNS"), _("Test failed"), _("Plasma"),
    _("Not drawn"), _("No plasma result"), _("Evaluation"), _("Adequacy unknown"), _("Staging"), _("No stage"), _("Confirmation"),
    _("Unconfirmed flag"), _("Untreated"), _("Actionable untreated"), _("Visit"), _("Visit outcome unknown"), _("Visit missed"),
    _("Not rebooked"), _("Payer test"), _("Prior authorization not submitted"), _("Prior authorization undecided"),
    _("Prior authorization pended"), _("Prior authorization peer to peer"), _("Prior authorization denied"),
    _("Prior authorization appeal undecided"), _("Assistance undecided"), _("Bill denied"), _("Payer drug"), _("Germline"), _("Named"),
    _("Managed"), _("Negative"), _("Reclassified"), _("Uncertain told"), _("Already known"), _("Criteria not met"), _("Not referred"),
    _("Kit not returned"), _("Insurance worry"), _("Declined counselling"), _("Right not to know"), _("Declined management"),
    _("Already tested"), _("Not eligible by age"), _("Finding gone"), _("Out of country"), _("Contact refused"),
    _("Declined by relative"), _("Unreachable"), _("Family"), _("Cascade"), _("Result unread"), _("Not disclosed"), _("Reclassification"),
    _("No plan"), _("No risk management"), _("Relatives after death"), _("No permission"), _("Relative not invited"),
    _("Relative not joined"), _("Cascade reason gone"), _("No counselling"), _("Problem list"), _("Not on problem list"),
    _("Relatives not asked"), _("Relatives review"), _("Handed over"), _("Nothing to confirm"), _("Not triaged"), _("Not concluded"),
    _("Result not told"), _("Not handed over"), _("Criteria"), _("Referred"), _("Tumour"), _("Return of results"), _("No referral"),
    _("Form not returned"), _("Operated"), _("Surveillance completed"), _("Recurrence treated"), _("Clinician stopped"),
    _("Recurrence found otherwise"), _("Anxiety"), _("Surveillance review"), _("Draws"), _("Draw due"), _("Draw missed"), _("Sample"),
    _("Redraw"), _("Positive"), _("Positive not reviewed"), _("Imaging not done"), _("Screened"), _("In range"), _("False positive"),
    _("Treated"), _("Alternative cause found"), _("Sample not enough, no new one"), _("Wrong contact"), _("Not offered"), _("No spot"),
    _("Repeat review"), _("Critical not notified"), _("Critical family not reached"), _("Critical not seen"), _("Not notified"),
    _("Family not reached"), _("No confirmation"), _("Unresolved"), _("Carrier not told"), _("Critical untreated"), _("Refusal unsigned"),
    _("Repeat"), _("No second spot"), _("No second result"), _("Flagged"), _("Cause found"), _("No cause found"), _("Told after death"),
    _("Ineligible"), _("No consult"), _("No consent"), _("Trio incomplete"), _("No provisional result"), _("Team not notified"),
    _("Parents not told"), _("Parents not told after death"), _("No management"), _("Still in hospital"), _("No follow up"),
    _("Reanalysis due"), _("No final report"), _("Published"), _("On file"), _("Answered"), _("No exposure"), _("Exposures"),
    _("Phenotype review"), _("Not recommended"), _("Change unverified"), _("Exposed"), _("Tested"), _("Normal phenotype"),
    _("Drug stopped"), _("No phenotype"), _("Consented"), _("Enrolled"), _("No sample"), _("Doctor not told"), _("Call person"),
    _("Write by portal"), _("Send letter"), _("Not reached"),
]  # fmt: skip
TEXTS = [
    _("Visit reminder"), _("Visit missed"), _("Visit due"), _("Pickup reminder"), _("Call us"), _("Consult reminder"), _("Form reminder"),
    _("Kit reminder"), _("Bring child"), _("Answer here"), _("Stop confirmation"), _("Start confirmation"), _("Help"), _("Out of hours"),
    _("Safety"), _("Reply confirmed"), _("Reply noted"),
]  # fmt: skip
INTAKE = [
    _("Unknown patient"), _("Unreadable date"), _("Date missing"), _("No identifier"), _("Identifiers disagree"),
    _("Recycled identifier"), _("Merge waits"), _("Message set aside"), _("Could not apply"), _("Same id other body"),
    _("Nobody we know"),
]  # fmt: skip
WORK = [
    _("Bad number"), _("Unknown send"), _("No text"), _("Result changed"), _("Hand over"), _("Problem"), _("Matter"), _("Reply"), _("Mail answer"),
    _("Note"), _("Call"), _("Letter"), _("Interpreter"), _("Halt"), _("Performance status"), _("Comorbidity"), _("Preference"),
    _("Access"), _("Returned mail"), _("Told on the phone"), _("Note in the chart"), _("Another hospital"),
]  # fmt: skip
REPORTS = [
    _("journeys"), _("entered"), _("reached"), _("implied"), _("measured"), _("already"), _("matured"), _("unseen"), _("not due"),
    _("unknown"), _("drug received"), _("start confirmed"), _("flagged"), _("flagged matched"), _("flagged share"), _("later line"),
    _("cannot say"), _("confirmed"), _("matched"), _("on time"), _("in time"), _("late open"), _("first week"), _("second week"),
    _("coming, first week"), _("coming, second week"), _("ages, under 7 days"), _("ages, 7 to 13 days"), _("ages, 14 to 29 days"),
    _("ages, 30 to 59 days"), _("ages, 60 to 89 days"), _("ages, 90 days and more"), _("mean"), _("signal"), _("changed"), _("step"),
    _("stage"), _("track"), _("party"), _("target"), _("within"), _("source"), _("reason"), _("kind"), _("share"), _("count"),
    _("number"), _("oldest"), _("overdue"), _("late"), _("accountable"), _("waits"), _("happened"), _("conversion"), _("label"),
    _("name"), _("date"), _("basis"), _("milestone"), _("phase"), _("grade"), _("denominator"), _("of"), _("says"), _("began earlier"),
    _("began this week"), _("due within a week"), _("due in the week after"), _("patient choice"), _("coded diagnosis"),
    _("dried blood spot"), _("tissue"), _("plasma"), _("blood"), _("saliva"), _("cytology"), _("local default"),
    _("released with the product"), _("nothing to sign"), _("not signed"), _("lapsed"), _("signed"), _("verified"), _("unverified"),
    _("matched therapy received and continued"), _("complete panel, nothing actionable"), _("Pa submitted"), _("Pa pended"),
    _("Pa peer to peer"), _("Pa approved"), _("Pa denied"), _("Pa appealed"), _("Pa not required"), _("Mtb reviewed"), _("Dx confirmed"),
    _("From receipt of the specimen; 14 days where no contract is on file (local default)."),
    _("plasma instead"), _("pathogenic"), _("somatic"), _("germline"),
    _("unread"), _("age"), _("anomaly"), _("field"), _("where"), _("days under way"), _("days lost"), _("days lost at laboratory"),
    _("days lost each"), _("0 to 7 days"), _("8 to 14 days"), _("15 to 30 days"), _("over 30 days"), _("under 2 days"), _("2 to 7 days"),
    _("over 7 days"), _("under 3 days"), _("3 to 7 days"), _("8 to 30 days"), _("past due"), _("no decision"), _("no drug"),
    _("drug not named"), _("closed and reopened"), _("still open"), _("done"), _("no longer needed"), _("no outcome"), _("reason gone"),
    _("asked again after"), _("payer unknown"), _("pending"), _("denied this week"), _("overturned this week"), _("specimen not named"),
    _("a new sample"), _("a new biopsy ordered"), _("a result all the same"), _("nothing yet"), _("texts stopped"), _("wrong numbers"),
    _("after death"), _("due in the second week"), _("due later"), _("receipt not told"), _("within 14 days"), _("later than 14 days"),
    _("no programme"), _("no journey"), _("answered by itself"), _("Nobody has waited yet."),
    _("ethnicity"), _("rurality"), _("adequate"), _("backwards"), _("neither"), _("genes"), _("collected"), _("start"), _("reminder"),
    _("rung"), _("wait"), _("patients"), _("race"), _("another"), _("days 25%"), _("days 75%"), _("days 90%"), _("text"),
    _("transport"), _("travelling"), _("portal"), _("e mail"), _("letter"), _("duplicate"), _("fear"),
]  # fmt: skip
METHODS = [
    _("Statistics"), _("What a step's clock is"), _("Delayed entry"), _("In time"), _("Shares and differences"), _("Two groups by lot"),
    _("Groups, and where a gap opens"), _("Control charts"), _("What fixing one gap would bring"), _("A snapshot is no rate"),
    _("Tallies"), _("How we know"), _("Read more"),
]  # fmt: skip
"""Sections of docs/statistics.md, as links call them; the page itself is in English and says so."""
PRICES = [
    _("AT&T, registered long code"),
    _("unverified: read from two public summaries of April and July 2026, not from the provider's own page; compare with your invoice"),
]
PROGRAMMES = [
    _("Breast biomarker"), _("Cascade testing"), _("Colorectal biomarker"), _("External result"), _("Hereditary cancer"),
    _("Mrd surveillance"), _("Newborn screening"), _("Nicu rapid genome"), _("Nsclc biomarker"), _("Pgx preemptive"), _("PGx preemptive"),
    _("Pgx reactive"), _("PGx reactive"), _("Population screening"), _("Prostate biomarker"),
]  # fmt: skip
"""Programmes by their codes, where a table is too narrow for a title."""
