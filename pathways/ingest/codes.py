"""Code systems, statuses and specimens as senders name them, in the words that facts use. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

SYSTEMS = {
    # HL7 table 0396
    "LN": "loinc", "LOINC": "loinc", "SCT": "snomed", "SNM": "snomed", "SNM3": "snomed", "SCTCT": "snomed",
    "I10": "icd10", "I10C": "icd10", "ICD10": "icd10", "ICD10CM": "icd10", "ICD-10": "icd10", "ICD-10-CM": "icd10", "10CM": "icd10",
    "I9": "icd9", "I9C": "icd9", "I9CDX": "icd9", "I9M": "icd9", "ICD9": "icd9", "ICD-9-CM": "icd9",
    "RXNORM": "rxcui", "RXN": "rxcui", "RXCUI": "rxcui", "NDC": "ndc", "HGNC": "hgnc", "HGNC-SYMB": "hgnc", "CPT": "cpt", "C4": "cpt",
    "HCPCS": "hcpcs", "HCPC": "hcpcs", "ICDO": "icdo3", "ICDO3": "icdo3", "ICD-O-3": "icdo3", "CVX": "cvx",
    # FHIR
    "http://loinc.org": "loinc", "http://snomed.info/sct": "snomed", "http://hl7.org/fhir/sid/icd-10-cm": "icd10",
    "http://hl7.org/fhir/sid/icd-10": "icd10", "http://hl7.org/fhir/sid/icd-9-cm": "icd9",
    "http://hl7.org/fhir/sid/icd-9-cm/diagnosis": "icd9", "http://www.nlm.nih.gov/research/umls/rxnorm": "rxcui",
    "http://hl7.org/fhir/sid/ndc": "ndc", "http://www.genenames.org": "hgnc", "http://www.genenames.org/geneid": "hgnc",
    "http://www.genenames.org/genegroup": "hgnc", "http://www.ama-assn.org/go/cpt": "cpt",
    "http://terminology.hl7.org/codesystem/icd-o-3": "icdo3", "urn:oid:2.16.840.1.113883.6.1": "loinc",
    "urn:oid:2.16.840.1.113883.6.96": "snomed", "urn:oid:2.16.840.1.113883.6.90": "icd10", "urn:oid:2.16.840.1.113883.6.88": "rxcui",
    "https://www.cms.gov/medicare/coding/hcpcsreleasecodesets": "hcpcs",
}  # fmt: skip

PREFERRED = ("loinc", "icd10", "snomed", "rxcui", "ndc", "icd9", "hcpcs", "cpt", "icdo3", "hgnc")


class Coded(msgspec.Struct, frozen=True):
    """A coded thing as sent: every (system, code, display), and the text beside them. System is a short name or `local`."""

    codings: tuple[tuple[str, str, str], ...] = ()
    text: str = ""

    def code(self, system: str) -> str:
        """The code that `system` gives the thing, blank where it gives none."""
        for found, code, _ in self.codings:  # asked for every line of every report: a loop is twice as fast as a generator
            if found == system:
                return code
        return ""

    @property
    def words(self) -> str:
        """Every text and display, for matching by name when no code is known."""
        return " ".join(dict.fromkeys(part for part in (self.text, *(display for _, _, display in self.codings)) if part))

    @property
    def label(self) -> str:
        return self.text or next((display for _, _, display in self.codings if display), "") or next((c for _, c, _ in self.codings), "")

    def body(self) -> dict[str, str]:
        """As facts carry it: `{"code": "loinc|69548-6", "text": ...}`, the coding of the best known system first."""
        ranked = sorted(self.codings, key=lambda each: PREFERRED.index(each[0]) if each[0] in PREFERRED else len(PREFERRED))
        return {"code": f"{ranked[0][0]}|{ranked[0][1]}" if ranked else "", "text": self.label}

    def all_codes(self) -> list[str]:
        return [f"{system}|{code}" for system, code, _ in self.codings]


@lru_cache(maxsize=4096)
def system(name: str) -> str:
    """The short name of a code system; `local` for a sender's own and for those that no rule reads."""
    name = name.strip()
    known = SYSTEMS.get(name.upper()) or SYSTEMS.get(name.casefold().rstrip("/"))
    return known or (
        "icd10" if re.match(r"ICD-?10|I10", name, re.IGNORECASE) else "icd9" if re.match(r"ICD-?9|I9", name, re.IGNORECASE) else "local"
    )


SPECIMENS = (
    ("dried_blood_spot", re.compile(r"dried blood|blood spot|\bDBS\b|guthrie", re.IGNORECASE)),
    ("plasma", re.compile(r"plasma|\bPLAS\b|c[ft]DNA|liquid biopsy|\bstreck\b|119361006", re.IGNORECASE)),
    ("saliva", re.compile(r"saliva|buccal|\bSAL\b|oral swab|119342007", re.IGNORECASE)),
    ("other", re.compile(r"nasal|nasopharyn|oropharyn|throat|\bswab\b|urine|stool|feces|faec|\bNP\b", re.IGNORECASE)),
    (
        "cytology",
        re.compile(r"cytolog|aspirat|\bFNA\b|effusion|pleural|lavage|\bBAL\b|smear|brush|washing|ascit|\bCSF\b|cell ?block", re.IGNORECASE),
    ),
    (
        "tissue",
        re.compile(
            r"tissue|biops|FFPE|paraffin|\bTISS\b|tumou?r|resect|\bcore\b|lymph node|\bBX\b|SKBP|119376003|block\b|slide", re.IGNORECASE
        ),
    ),
    ("blood", re.compile(r"blood|serum|\bBLD\b|\bSER\b|\bWB\b|BLDV|BLDC|119297000|119364003", re.IGNORECASE)),
)
LIQUID_TEST = re.compile(
    r"c[ft]DNA|liquid biops|plasma|guardant ?360|foundationone liquid|cell.?free|circulating tumou?r|residual disease|\bsignatera\b",
    re.IGNORECASE,
)


SPOT_TEST = re.compile(r"new ?born (genom\w+ |blood ?spot )?screen", re.IGNORECASE)


@lru_cache(maxsize=4096)
def specimen_class(words: str, test: str = "") -> str:
    """Class of a specimen by its code and words; blood that a circulating-DNA test asks for is plasma, blood of a newborn screen a spot.
    Blank: nothing said."""
    found = next((name for name, pattern in SPECIMENS if pattern.search(words)), "other" if words.strip() else "")
    if found in ("blood", "", "other"):
        return "plasma" if LIQUID_TEST.search(test) else "dried_blood_spot" if SPOT_TEST.search(test) else found
    return found


DONORS = (
    ("mother", re.compile(r"\bmother|\bmaternal|\bMTH\b", re.IGNORECASE)),
    ("father", re.compile(r"\bfather|\bpaternal|\bFTH\b", re.IGNORECASE)),
)


def donor(words: str) -> str:
    """Whose the specimen is when it is a parent's, sent along with the child's; blank: the patient's own."""
    return next((name for name, pattern in DONORS if pattern.search(words)), "")


REJECTS = (
    ("early", re.compile(r"too (early|young)|early collection|collected early|(before|less than|<|under) ?24 ?(h|hours)", re.IGNORECASE)),
    ("transfused", re.compile(r"transfus", re.IGNORECASE)),
    ("quantity", re.compile(r"\bQNS\b|\bQS\b|quantity|insufficient|volume|low tumou?r|too little|no tumou?r", re.IGNORECASE)),
    ("identity", re.compile(r"label|identif|mismatch|wrong (patient|specimen)|\bRI\b", re.IGNORECASE)),
    (
        "quality",
        re.compile(r"quality|degrad|hemoly|clot|contamin|frozen|temperature|broken|leak|fixation|decal|\bR[ABCDHMNPRS]\b", re.IGNORECASE),
    ),
)


def reject_reason(words: str) -> str:
    """early, transfused, quantity, quality, identity or other (HL7 table 0490 by code and name, else by phrase)."""
    return next((name for name, pattern in REJECTS if pattern.search(words)), "other")


REJECTED = re.compile(
    r"\bQNS\b|quantity not sufficient|insufficient (tissue|quantity|specimen|sample|tumou?r|DNA|material)|(specimen|sample) (was )?rejected|rejected|"
    r"unsatisfactory|inadequate|test not performed|not processed|unable to (perform|process|obtain)",
    re.IGNORECASE,
)

ROMAN = {"1": "I", "2": "II", "3": "III", "4": "IV"}
STAGE = re.compile(r"\b(IV|III|II|I|[1-4]) ?([ABC])? ?([1-3])?\b", re.IGNORECASE)
LONGEST_STAGE = 1_000


@lru_cache(maxsize=1024)
def stage(words: str) -> str:
    """`IV`, `IIIA`, `IVB` ... out of `Stage IV`, `3C`, `AJCC stage IIIA`, `LA3688-6`; blank where no stage is said."""
    words = " ".join(words[:LONGEST_STAGE].split())
    found = STAGE.search(re.sub(r"\b(AJCC|UICC|TNM|version|v)\s*\d+(st|nd|rd|th)?\b|\d+(st|nd|rd|th)\b", " ", words, flags=re.IGNORECASE))
    if found is None:
        return ""
    number = found[1].upper()
    return ROMAN.get(number, number) + (found[2] or "").upper()


def first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")
