"""What a sender's own code may mean to us: the codes that readers know, by place, with words to find them by. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from .codes import Coded

PLACES = ("test", "line", "value", "status")
NOTHING = "nothing"
"""A code that a person looked at and that is none of our concern: it is not asked about again."""


class Term(msgspec.Struct, frozen=True):
    """`code` is "loinc|81247-9", or a status of HL7; `more` are words that senders use for it."""

    code: str
    label: str
    more: str = ""


TERMS: Mapping[str, Sequence[Term]] = {
    "test": (
        Term("loinc|81247-9", "Genetic report of a tumour or person", "NGS panel solid tumor next generation sequencing molecular genomic profile comprehensive biomarker"),
        Term("loinc|55232-3", "Genetic report of circulating tumour DNA", "plasma liquid biopsy ctDNA cfDNA cell free blood"),
        Term("loinc|51969-4", "Genetic analysis report, germline or pharmacogenetic", "hereditary germline pharmacogenomic PGx genotype CYP carrier exome genome"),
        Term("loinc|85147-7", "PD-L1 stain", "PDL1 immunohistochemistry IHC 22C3 SP263 SP142 tumor proportion score"),
        Term("loinc|94076-7", "Tumour mutation burden", "TMB mutational"),
        Term("loinc|81695-9", "Microsatellite instability", "MSI MMR mismatch repair"),
        Term("loinc|85337-4", "Oestrogen receptor", "ER estrogen stain"),
        Term("loinc|85319-2", "HER2 stain", "ERBB2 HER-2 immunohistochemistry IHC"),
        Term("loinc|85318-4", "HER2 hybridisation", "ERBB2 FISH amplification"),
        Term("loinc|60568-3", "Pathology report", "surgical pathology biopsy histology synoptic cytology"),
        Term("loinc|54089-8", "Newborn screening", "dried blood spot newborn NBS panel"),
    ),
    "line": (
        Term("loinc|69548-6", "Genetic variant assessment: present or absent", "variant result detected mutation status call interpretation"),
        Term("loinc|48018-6", "Gene studied", "gene symbol name"),
        Term("loinc|48005-3", "Amino acid change", "protein p. hgvs alteration"),
        Term("loinc|48004-6", "DNA change", "coding c. hgvs nucleotide"),
        Term("loinc|48019-4", "Kind of change", "type fusion rearrangement amplification deletion"),
        Term("loinc|53037-8", "Clinical significance", "pathogenic benign VUS classification"),
        Term("loinc|48002-0", "Somatic or germline", "source class origin"),
        Term("loinc|81258-6", "Variant allele fraction", "VAF allelic frequency percent"),
        Term("loinc|85147-7", "PD-L1, tumour proportion score", "PDL1 TPS percent 22C3"),
        Term("loinc|94076-7", "Tumour mutation burden", "TMB mutations per megabase"),
        Term("loinc|81695-9", "Microsatellite instability", "MSI MMR high stable"),
        Term("loinc|53040-2", "Metaboliser status", "phenotype metabolizer CYP poor intermediate rapid"),
        Term("loinc|84413-4", "Genotype", "diplotype star alleles"),
        Term("loinc|85337-4", "Oestrogen receptor", "ER estrogen percent"),
        Term("loinc|85339-0", "Progesterone receptor", "PR progesterone percent"),
        Term("loinc|85319-2", "HER2 stain", "ERBB2 HER-2 IHC score"),
    ),
    "value": (
        Term("loinc|LA9633-4", "Present", "positive detected pos found yes mutated mutant"),
        Term("loinc|LA9634-2", "Absent", "negative not detected neg none wild type wildtype no"),
        Term("loinc|LA18198-4", "No call", "failed no result insufficient inconclusive"),
        Term("loinc|LA11884-6", "Indeterminate", "equivocal uncertain borderline"),
    ),
    "status": (
        Term("F", "Final", "final complete verified signed"),
        Term("C", "Corrected", "corrected amended addendum revised"),
        Term("P", "Preliminary", "preliminary interim partial"),
        Term("X", "Could not be done", "cancelled failed rejected deleted"),
        Term("I", "Sample received, nothing reported yet", "received in process pending"),
    ),
}  # fmt: skip
WORD = re.compile(r"[a-z0-9]+")
FILLERS = frozenset({"a", "an", "and", "by", "in", "of", "or", "the", "to"})


class Meanings(msgspec.Struct, frozen=True):
    """What a feed's own codes mean: (place, code) to the code of a term."""

    of: Mapping[tuple[str, str], str] = {}

    def coded(self, place: str, said: Coded) -> Coded:
        """The thing with the meaning put first, where a person gave it one; what the sender said stays beside it."""
        if not self.of:
            return said
        for key in keys(said):
            meaning = self.of.get((place, key), "")
            if meaning and meaning != NOTHING:
                system, _, code = meaning.partition("|")
                return Coded(((system, code, label(place, meaning)), *said.codings), said.text or said.label)
        return said

    def status(self, said: str) -> str:
        return self.of.get(("status", said), said) if self.of else said


def keys(said: Coded) -> tuple[str, ...]:
    """What a coded thing may be asked by: its own codes, else its words."""
    own = tuple(code for system, code, _ in said.codings if system == "local")
    return own or ((said.text[:200],) if said.text and not said.codings else ())


def label(place: str, code: str) -> str:
    return next((term.label for term in TERMS[place] if term.code == code), "" if code != NOTHING else "none of our concern")


@lru_cache(maxsize=4096)
def candidates(place: str, words: str) -> tuple[Term, ...]:
    """The terms of a place, those first that share most words with what the sender calls it."""
    said = _words(words)
    return tuple(sorted(TERMS[place], key=lambda term: -len(said & _words(f"{term.label} {term.more}"))))


@lru_cache(maxsize=4096)
def likeness(place: str, words: str) -> int:
    """How many words it shares with the likeliest term: what shares none is seldom ours."""
    best = candidates(place, words)[0]
    return len(_words(words) & _words(f"{best.label} {best.more}"))


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.casefold().replace("-", ""))) - FILLERS
