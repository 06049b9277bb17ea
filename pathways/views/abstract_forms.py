"""The form by which a report is read: the panel gene by gene, specimen, laboratory and days. The printed form has the same fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext, gettext_lazy

from pathways import abstracting
from pathways.abstracting import FAILURES, LARGEST, SPECIMENS, Gene, Reading
from pathways.ingest.originals import BYTES, type_of
from pathways.knowledge.findings import PRESENT
from patients.templatetags.finalmile import later

VALUES = (
    ("present", gettext_lazy("present")),
    ("absent", gettext_lazy("absent")),
    ("not_tested", gettext_lazy("not tested")),
    ("failed", gettext_lazy("failed")),
    ("indeterminate", gettext_lazy("indeterminate")),
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise
SIGNIFICANCES = [
    ("", gettext_lazy("not said")),
    ("pathogenic", gettext_lazy("pathogenic")),
    ("likely_pathogenic", gettext_lazy("likely pathogenic")),
    ("vus", gettext_lazy("uncertain (VUS)")),
]
ASPECTS = {"protein": gettext_lazy("stain or copy number"), "germline": gettext_lazy("inherited"), "any": gettext_lazy("any test")}
MORE = 4
"""Rows for genes that the panel does not ask for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One gene of the form: its fields, and how it is called."""

    label: str
    value: BoundField
    alteration: BoundField
    significance: BoundField
    name: BoundField | None = None


def label_of(asked: str) -> str:
    gene, _, aspect = asked.partition(":")
    return f"{gene} ({ASPECTS[aspect]})" if aspect else gene


def _day(label: StrOrPromise) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))


class ReadForm(forms.Form):
    """Nothing is chosen beforehand, and what is left open is not *absent*: the reader says so gene by gene, or says *not tested* of the rest."""

    answer = forms.ChoiceField(
        label=gettext_lazy("The report says"),
        choices=[
            ("result", gettext_lazy("a result")),
            ("failed", gettext_lazy("the test failed")),
            ("nothing", gettext_lazy("no result of this kind: a letter, a copy, something else")),
        ],
        initial="result",
    )
    laboratory = forms.CharField(label=gettext_lazy("Laboratory"), max_length=120, required=False)
    number = forms.CharField(label=gettext_lazy("Report number"), max_length=80, required=False)
    specimen = forms.ChoiceField(
        label=gettext_lazy("Specimen"),
        required=False,
        choices=[("", gettext_lazy("Not said")), *((code, later(code)) for code in SPECIMENS)],
    )
    collected = _day(gettext_lazy("Collected on"))
    reported = _day(gettext_lazy("Reported on"))
    preliminary = forms.BooleanField(label=gettext_lazy("Preliminary: a final report is to follow"), required=False)
    reason = forms.ChoiceField(
        label=gettext_lazy("Why it failed"),
        required=False,
        choices=[("", gettext_lazy("Choose")), *((one, later(one)) for one in FAILURES)],
    )
    rest = forms.ChoiceField(
        label=gettext_lazy("Genes that I left open"),
        required=False,
        choices=[("", gettext_lazy("Ask me")), ("not_tested", gettext_lazy("The report does not mention them: not tested"))],
    )

    def __init__(self, pathway: str, data: Any = None, files: Any = None, *, by_hand: bool = False) -> None:
        super().__init__(data, files)
        self.asked = abstracting.genes_of(pathway)
        for n, asked in enumerate(self.asked):
            self._gene(f"g{n}", label_of(asked))
        for n in range(MORE):
            self.fields[f"m{n}_name"] = forms.CharField(label=gettext("Other gene %(n)s") % {"n": n + 1}, max_length=20, required=False)
            self._gene(f"m{n}", gettext("Other gene %(n)s") % {"n": n + 1})
        if by_hand:
            self.fields["scan"] = forms.FileField(label=gettext("The report, as PDF or picture"), required=False)

    def _gene(self, name: str, label: str) -> None:
        self.fields[f"{name}_value"] = forms.ChoiceField(
            label=gettext("%(label)s: value") % {"label": label}, required=False, choices=[("", "—"), *VALUES]
        )
        self.fields[f"{name}_alteration"] = forms.CharField(
            label=gettext("%(label)s: alteration") % {"label": label}, max_length=120, required=False
        )
        self.fields[f"{name}_significance"] = forms.ChoiceField(
            label=gettext("%(label)s: significance") % {"label": label}, required=False, choices=SIGNIFICANCES
        )

    def panel(self) -> Iterator[Line]:
        for n, asked in enumerate(self.asked):
            yield self._line(f"g{n}", label_of(asked))

    def more(self) -> Iterator[Line]:
        for n in range(MORE):
            yield self._line(f"m{n}", "", self[f"m{n}_name"])

    def _line(self, name: str, label: str, field: BoundField | None = None) -> Line:
        return Line(label, self[f"{name}_value"], self[f"{name}_alteration"], self[f"{name}_significance"], field)

    def head(self) -> list[BoundField]:
        return [self[name] for name in ("answer", "laboratory", "number", "specimen", "collected", "reported", "preliminary", "reason")]

    def clean_scan(self) -> bytes | None:
        given = self.cleaned_data.get("scan")
        if given is None:
            return None
        if given.size > LARGEST:
            raise forms.ValidationError(gettext("The file is larger than 10 MB."))
        data: bytes = given.read()
        if type_of(data) == BYTES or type_of(data).startswith("text"):
            raise forms.ValidationError(gettext("Only a PDF, PNG or JPEG can be kept."))
        return data

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("answer") == "result":
            open_ones = [asked for n, asked in enumerate(self.asked) if not given.get(f"g{n}_value")]
            if open_ones and not given.get("rest"):
                names = ", ".join(label_of(one) for one in open_ones)
                self.add_error(
                    "rest",
                    gettext("Nothing was chosen for %(names)s. Choose, or say that the report does not mention them.") % {"names": names},
                )
        if given.get("answer") == "failed" and not given.get("reason"):
            self.add_error("reason", gettext("Say why it failed."))
        if given.get("answer") != "nothing" and not given.get("reported") and "reported" not in self.errors:
            self.add_error("reported", gettext("A report has the day on which it was issued."))
        for name in self._altered_without_alteration():
            self.add_error(f"{name}_alteration", gettext("Which one?"))
        return given

    def _altered_without_alteration(self) -> list[str]:
        names = [f"g{n}" for n in range(len(self.asked))] + [f"m{n}" for n in range(MORE)]
        given = self.cleaned_data
        return [one for one in names if given.get(f"{one}_value") == PRESENT and not (given.get(f"{one}_alteration") or "").strip()]

    @property
    def reading(self) -> Reading:
        given = self.cleaned_data
        genes: dict[str, Gene] = {}
        if given["answer"] == "result":
            for n, asked in enumerate(self.asked):
                genes[asked] = self._said(f"g{n}") or Gene(given["rest"])
            for n in range(MORE):
                said, name = self._said(f"m{n}"), given[f"m{n}_name"].strip().upper()
                if said and name:
                    genes.setdefault(name, said)
        plain = {
            name: given[name] for name in ("answer", "laboratory", "number", "specimen", "collected", "reported", "reason", "preliminary")
        }
        return Reading(genes=genes, **plain)

    def _said(self, name: str) -> Gene | None:
        given = self.cleaned_data
        value = given[f"{name}_value"]
        return Gene(value, given[f"{name}_alteration"].strip(), given[f"{name}_significance"]) if value else None
