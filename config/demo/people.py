"""Invented people: names put together from common ones, medical record numbers of no hospital, telephones of the 555-01xx range kept for fiction."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec


def _words(text: str) -> list[str]:
    return text.split()


GIVEN = {
    "female": _words(
        "Ana Beth Carol Dolores Elena Fern Grace Hana Ines June Katya Lucia Mabel Nora Olive Pearl Queenie Rosa Stella Thea Una Vera Wilma Yara Zoe"
    ),
    "male": _words(
        "Abel Ben Carlos Duane Emil Felix Gus Hugo Ivan Jorge Karl Luis Milo Ned Omar Pablo Quinn Raul Sam Tomas Uriah Victor Walt Xavi Yusuf"
    ),
}
FAMILY = {
    "en": _words(
        "Alder Birch Cobb Drake Eddy Finch Gale Heath Ingram Jarvis Keene Larch Marsh Nash Oakes Pike Quill Reed Stone Thorne Upton Vance Wren Yates"
    ),
    "es": _words(
        "Aguilar Bravo Cardona Duarte Escobar Fuentes Galindo Herrera Ibarra Juarez Leal Montes Navarro Ochoa Pineda Quiroga Rojas Salinas Trejo Urbina"
    ),
}
RACES = (("2106-3", 66), ("2054-5", 17), ("2028-9", 6), ("2131-1", 6), ("", 5))
PAYERS = (("Medicare", 48), ("Medicaid", 16), ("Commercial", 28), ("Uninsured", 4), ("", 4))
AREA_CODES = {
    "harbor": _words("617 857 508 774 781 339 978 351 413 207 603 401 860 802 203 475 959 518 315 585"),
    "prairie": _words("312 773 872 708 630 847 331 224 815 779 217 309 618 414 262 608 920 715 319 515"),
}
POSTAL = {"harbor": ("02118", "02128", "01840", "01263", "04619"), "prairie": ("60612", "60640", "61341", "62832", "53813")}
LINES = 100  # numbers of the fictional range in one area code


class SyntheticPerson(msgspec.Struct, frozen=True):
    """`phone` is blank for people without one; `consents` says whether they agreed to texts. `site` is the code of their hospital. A child has
    a mother, who has the telephone.
    """

    n: int
    site: str
    mrn: str
    family: str
    given: str
    born: date
    sex: str
    language: str
    race: str
    ethnicity: str
    payer: str
    postal_code: str
    phone: str
    consents: bool
    mother: str = ""
    mothers_phone: str = ""

    @property
    def email(self) -> str:
        """Two in three have an address; of them one in two agrees to be written to there (`agrees_to_email`)."""
        return f"{self.site}.{self.n}@example.org" if self.n % 3 < 2 and not self.mother else ""


def people(count: int, seed: int, today: date) -> list[SyntheticPerson]:
    """`count` people, the same for the same seed. Two in five belong to the second hospital; some share a telephone, some have none."""
    numbers = {site: _numbers(codes) for site, codes in AREA_CODES.items()}
    made: list[SyntheticPerson] = []
    for n in range(count):
        dice = random.Random(f"person {seed} {n}")
        site = "prairie" if dice.random() < 0.42 else "harbor"
        made.append(_person(n, site, dice, _phone(dice, numbers[site], made, site), today))
    return made


def _person(n: int, site: str, dice: random.Random, phone: str, today: date) -> SyntheticPerson:
    spanish = dice.random() < 0.14
    sex = dice.choice(("female", "male"))
    ethnicity = "2135-2" if spanish or dice.random() < 0.03 else dice.choices(("2186-5", ""), (94, 6))[0]
    return SyntheticPerson(
        n=n,
        site=site,
        mrn=f"{site[0].upper()}{100_000 + n}",
        family=dice.choice(FAMILY["es" if spanish else "en"]),
        given=dice.choice(GIVEN[sex]),
        born=today - timedelta(days=int(min(max(dice.gauss(68, 10), 35), 95) * 365.25)),
        sex=sex,
        language="es" if spanish and dice.random() < 0.7 else "en",
        race=_pick(dice, RACES),
        ethnicity=ethnicity,
        payer=_pick(dice, PAYERS),
        postal_code=dice.choices(POSTAL[site], (35, 30, 15, 12, 8))[0],
        phone=phone,
        consents=bool(phone) and dice.random() < 0.82,
    )


def agrees_to_email(address: str) -> bool:
    return int(address.partition("@")[0].rpartition(".")[2]) % 2 == 0


def _pick(dice: random.Random, weighted: tuple[tuple[str, int], ...]) -> str:
    return dice.choices([value for value, _weight in weighted], [weight for _value, weight in weighted])[0]


def _phone(dice: random.Random, numbers: Iterator[str], made: list[SyntheticPerson], site: str) -> str:
    """Most people have a number of their own; one in fifty shares that of somebody in the house, one in sixteen has none."""
    draw = dice.random()
    if draw < 0.06:
        return ""
    shared = made[-1].phone if made and made[-1].site == site and draw < 0.08 else ""
    return shared or next(numbers, "")


def _numbers(area_codes: list[str]) -> Iterator[str]:
    for line in range(LINES):
        for area in area_codes:
            yield f"+1{area}55501{line:02d}"
