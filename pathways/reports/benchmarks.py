"""Published figures that stand beside our own, each with what an expert would object to. They are no target and no promise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Benchmark:
    """`remain` has a count per step of the funnel, the first of them who entered; None where nothing is published for a step."""

    pathway: str
    funnel: str
    title: str
    source: str
    remain: tuple[int | None, ...]
    caveats: tuple[str, ...]

    def passing(self, i: int) -> float | None:
        """The published share of those at the step before who reached step `i`."""
        before, here = (self.remain[i - 1] if i else None), self.remain[i]
        return None if not before or here is None else here / before

    def of_all(self, i: int) -> float | None:
        first, here = self.remain[0], self.remain[i]
        return None if not first or here is None else here / first


SADIK = Benchmark(
    pathway="nsclc-biomarker",
    funnel="published",
    title="Seven practice gaps in advanced lung cancer, per 1,000 patients",
    source="Sadik et al., JCO Precis Oncol 2022;6:e2200246, doi 10.1200/PO.22.00246",
    remain=(1000, 934, 798, 784, 647, 528, 503, 356),
    caveats=(
        "The counts after steps 5 and 6 (528, 503) are worked out from rounded percentages and the stated total of 497; they may be off by some 6.",
        "The paper joins estimates from claims and laboratory data (diagnoses of 2019); it followed no single cohort, so it knows neither waiting nor death.",
        "It quotes 38,068 and 32,224 patients in different places, and its authors sell services to this market.",
        "A report by the same group gives a total loss of 65.1 % for 2023 against 64.4 % for 2019, the largest now between result and therapy.",
    ),
)
EMERGE = Benchmark(
    pathway="population-screening",
    funnel="return_of_results",
    title="Return of results in eMERGE III",
    source="Leppig et al. 2022, PMID 35216901",
    remain=(1444, None, None, 1077, 562, None, None, None),
    caveats=("Disclosed and variant-specific counselling only; research participants of several sites, not a clinical service.",),
)
BENCHMARKS = (SADIK, EMERGE)


def beside(pathway: str, funnel: str, steps: int) -> Benchmark | None:
    """The benchmark of a funnel, where one is published and the definition still has the steps that it speaks of."""
    return next((one for one in BENCHMARKS if (one.pathway, one.funnel, len(one.remain)) == (pathway, funnel, steps)), None)
