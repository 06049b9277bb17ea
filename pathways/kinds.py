"""Every kind of event there is, with what its body carries. A kind that is not here cannot be stored.

Body fields are plain JSON. Codes are written "<system>|<code>" with the system's short name (icd10, loinc, snomed, rxcui, ndc, hgnc);
a coded thing is {"code": "...", "text": "..."}. Findings are listed in `pathways.knowledge.findings`.
"""

from __future__ import annotations

FED: dict[str, str] = {
    # getting onto a pathway
    "diagnosis": "code, text, role (primary|secondary|history), verification (confirmed|provisional|refuted|...), stage, histology, laterality, line",
    "referral": "code, text, specialty: someone asked for the patient to be seen (REF, PPR, ServiceRequest referral)",
    "pathology_report": "text: candidate only; specimen class, conclusion codes, laboratory",
    "stage_recorded": "stage, system: a stage given apart from the diagnosis",
    "activity_logged": "text, under_observation_from: a line of an event log of others",
    # biopsy, order, specimen
    "biopsy_ordered": "code, text: a procedure to get tissue was asked for",
    "biopsy_done": "code, text: tissue was taken",
    "biopsy_not_done": "reason: the attempt was given up",
    "surgery_done": "code, text: the tumour was taken out",
    "test_ordered": "code, text, reflex (bool), specimen_class, reason codes: a signed order for a test; an intent, plan or proposal is none",
    "order_held": "reason",
    "order_cancelled": "reason: the order was cancelled (not: asked to be cancelled)",
    "specimen_collected": "specimen_class (tissue|cytology|plasma|blood|saliva|dried_blood_spot|other), site, donor (mother|father; absent: the patient)",
    "specimen_sent": "carrier",
    "specimen_received": "specimen_class, donor",
    "specimen_adequate": "tumour_percent",
    "specimen_rejected": "reason (quantity|quality|identity|early|transfused|other), text, donor: QNS and other refusals of a specimen",
    # results
    "result_partial": "code, specimen_class, findings[], panel_complete, laboratory: preliminary or partial report",
    "result_final": "code, text, specimen_class, findings[], panel (gene -> five values), document (bool), laboratory",
    "result_failed": "reason, text, laboratory: the test gave no result",
    "result_document": "title: report that only a person can read (PDF, MDM); abstraction",
    "phenotype_assigned": "gene, phenotype, activity_score, diplotype",
    "external_result": "document_class (dtc_raw|dtc_report|third_party), laboratory, findings[]: from outside, confirmed by no clinical laboratory",
    "triaged": "decision (confirm|nothing): what to do with a result from outside",
    "confirmation_concluded": "conclusion (confirmed|not_confirmed|reclassified), gene: what a clinical laboratory made of it",
    "result_reviewed": "clinician",
    "result_communicated": "how, to",
    # germline testing: counselling, kit, what follows from a finding
    "form_sent": "how: the family history form went out",
    "family_history_returned": "how",
    "counselled": "how, reason: genetic counselling took place",
    "kit_sent": "carrier, specimen_class: a kit for a sample at home went out",
    "provider_told": "to, how: the patient's own doctor was told of a result",
    "already_known": "reason: the finding had been known before",
    "management_planned": "text: a plan for risk management was made",
    "problem_listed": "code, text: the finding stands on the problem list",
    "risk_managed": "code, text: an act of risk management was done (imaging, colonoscopy, surgery, medication)",
    # decision
    "mtb_reviewed": "conclusion",
    "treatment_decided": "decision (matched|other|none), drugs[], reason",
    "imaging_ordered": "code, text",
    "imaging_done": "code, text, conclusion",
    "recommendation_delivered": "to, how",
    "prescriber_answered": "answer (changed|dose_adjusted|overridden|stopped), reason",
    # drug
    "drug_ordered": "drugs[] (rxcui, text), route, line",
    "drug_order_stopped": "reason",
    "drug_dispensed": "drugs[]: handed over to the patient (`handed_over`: true) or only filled",
    "drug_returned": "drugs[]: dispensed but given back or reversed",
    "drug_administered": "drugs[], route, complete (bool)",
    "drug_not_given": "drugs[], reason: an administration recorded as not done",
    "drug_received": "drugs[], basis: derived by rule from administration, dispense or attestation",
    "first_dose_attested": "drugs[], told_by",
    "persistence_confirmed": "drugs[]: refill or contact at 30 days",
    "change_verified": "drugs[]: the changed prescription was dispensed",
    # payer
    "pa_submitted": "subject (test|drug), payer, reference, urgency (standard|expedited)",
    "pa_pended": "subject, payer, code, reason",
    "pa_peer_to_peer": "subject",
    "pa_approved": "subject, payer, reference, until",
    "pa_denied": "subject, payer, code, reason",
    "pa_appealed": "subject, urgency (standard|expedited)",
    "pa_not_required": "subject",
    "assistance_requested": "programme",
    "assistance_granted": "programme",
    "assistance_denied": "programme, reason",
    "bill_paid": "subject, payer, reference: what the payer had allowed was paid",
    "bill_denied": "subject, payer, reference, code, reason: given to the patient, and the payer does not pay",
    # visits, whereabouts, life
    "visit_booked": "start, service",
    "visit_moved": "start",
    "visit_cancelled": "reason",
    "visit_missed": "",
    "visit_kept": "service",
    "admitted": "facility",
    "discharged": "facility",
    "transferred_out": "to, accepted (bool)",
    "trial_screening": "trial",
    "trial_on_study": "trial",
    "trial_screen_failed": "trial, reason",
    "hospice_started": "",
    # children
    "born": "the birth itself; with its hour where the sender gives one",
    "eligibility_flagged": "programme, reason: the record or a clinician says that the patient meets a programme's criteria",
    "consulted": "specialty: another service saw the patient",
    "parent_unavailable": "parent (mother|father), reason: no sample of this parent will come; go on without",
    "provider_notified": "to, how, read_back (bool), programme: a result was told to who treats the patient, and repeated by them",
    "management_recorded": "action (medication|diet|procedure|surveillance|palliative|none), programme: what was done about a result",
    "reanalysed": "outcome (cause_found|none): older data were read again",
    "screen_result": "answer (in_range|out_of_range), criticality (time_critical|other), condition, text: a newborn screen's overall answer",
    "screen_triaged": "criticality (time_critical|other), clinician: how fast a positive screen must be followed",
    "screening_refused": "reason, form: the parents refuse the screen, in writing",
    "transfused": "the child got blood before or after the spot was taken",
    "diagnosis_resolved": "outcome (true_positive|false_positive|indeterminate|carrier), condition, clinician: what a positive screen turned out to be",
    "death": "date from an authoritative feed",
    "death_hint": "a flag in a laboratory message, a reply, returned mail",
    "consent_recorded": "consent_kind (text|genetic_test|research|family_contact|disclosure), decision, programme, until",
}

ACTS: dict[str, str] = {
    "enrolled": "entry, found_by, pathway, primary_group, episode_no, episode_kind, clinician",
    "held": "reason, until, review_at, party",
    "resumed": "",
    "exited": "reason, class, sub_reason, clinician, note",
    "reopened": "reason",
    "voided": "reason (duplicate|entered_in_error|merged_into), into",
    "restored": "reason",
    "picked": "stage, line, histology, setting: what a person chose to settle a cannot_say",
    "actionable_confirmed": "gene, alteration, clinician",
    "not_actionable_confirmed": "clinician, reason; rules[] where a second chance was declined",
    "knowledge_reviewed": "clinician, reason, rules[]: a clinician looked at what a change of the rules would flag; it changes nothing and ends nothing",
    "handed_over": "to, accepted",
    "care_team_changed": "role, to, source: who is accountable, responsible or takes part from now on",
    "notice_acknowledged": "notice, clinician: the clinician has seen a notice; nothing is done by it",
    "notice_answered": "notice, clinician, answer (acted|not_appropriate), reason: what a clinician did about a notice",
    "work_outcome": "outcome, problem, note",
    "contact_attempted": "channel, outcome",
    "patient_replied": "reply id only; the words stay in the reply",
    "patient_said": "topic (confirm|decline|call|started|changed_doctor|cost|transport|fear|no_time|worse), reply or link: told by a number, a keyword or "
    "a choice on the secure page; closes nothing",
    "reply_read": "reply id",
    "relative_named": "kinship, degree: a relative was named; who they are stays with themselves",
    "relative_joined": "how: the relative is known here under their own name, by their own consent",
    "family_news": "contact, finding, alive: what the first patient of the family decided or what became of them, told to a relative's journey",
    "migrated": "from, to: numbers of versions; stages: old stage -> new one, blank closes it; clock (keep|recompute|restart); batch",
}

DERIVED: dict[str, str] = {
    "result_corrected": "report: a report reads otherwise since a correction; who read it before has not read this",
    "flagged_actionable": "findings[], rules[], line: a dated rule calls a finding actionable now",
    "later_line_actionable": "findings[], rules[]: actionable in a later line; watched",
    "not_actionable": "complete panel on adequate tissue and nothing flagged",
    "cannot_say": "missing[]: what a person must add before the rules can answer",
    "matched_therapy": "drugs[], rules[], received_by: a drug that matches the flag was received",
    "unmatched_therapy": "drugs[]: a drug that no rule and no name could place; needs review",
    "empiric_started": "drugs[]: systemic therapy began before the result",
    "interaction_flagged": "gene, phenotype, drugs[], rules[]: actionable phenotype and an affected drug",
    "occurrence_due": "track, occurrence, due: the window of an occurrence of a recurring track opened",
    "occurrence_met": "track, occurrence, timing (on|late): what keeps the occurrence came, in its window or after it",
    "occurrence_missed": "track, occurrence: the window ended and nothing had come",
    "occurrence_skipped": "track, occurrence, reason: the window ended while the journey was held",
}

# What time decides of a recurring track, stated by its schedule: `pathways.scheduling`.
TURNS = ("occurrence_due", "occurrence_met", "occurrence_missed", "occurrence_skipped")

KINDS: dict[str, str] = {**FED, **ACTS, **DERIVED}
