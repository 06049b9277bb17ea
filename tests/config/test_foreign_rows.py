"""What an insider could try with a form: another site's rows in its fields, and nonsense. Every field of every page that names a row is tried.

The rows of the two sites are told apart by their numbers: each table counts from a number of its own, the stranger's from a later one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone

from notifications.models import Absence, SavedView
from pathways import team
from pathways.models import TeamRole
from patients import contacts, practitioners, sites, staff
from patients.models import Person, Practitioner, Role, Site, User
from tests.browser.morning import Morning, morning
from tests.browser.pages import PAGES, fill
from tests.config.forms import NAME, Form, forms_of
from tests.desk import DAY
from tests.people import nurse

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
OURS = ("patients", "pathways", "notifications", "config")
FIRST, ROOM, LATER = 1_000_000, 10_000, 5_000
SHARED = {"patients_practitioner", "pathways_pathwayversion", "pathways_stage", "pathways_rung"}
"""Tables of the whole house: a row of them is nobody's."""
FOREIGN = "Quetzalcoatl"
MEANT_FOR_OTHERS = {("hand_over", "to")}
"""A journey may be handed to a colleague of another site: it moves there when they accept."""
NAMES = tuple((FOREIGN, given, date(1950 + n, 5, 5)) for n, given in enumerate(("Ada", "Bo", "Cy", "Di", "Ed", "Flo", "Gil")))


class Tables:
    """Which number belongs to which table, and whose it is."""

    def __init__(self) -> None:
        self.models = [
            model for app in OURS for model in apps.get_app_config(app).get_models() if model._meta.pk.get_internal_type() == "BigAutoField"
        ]

    def count_from(self, later: int) -> None:
        with connection.cursor() as cursor:
            for n, model in enumerate(self.models):
                table, key = model._meta.db_table, model._meta.pk.column
                cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, key])
                [sequence] = cursor.fetchone()
                cursor.execute(f"ALTER SEQUENCE {sequence} RESTART WITH {FIRST + n * ROOM + later}")

    def of_number(self, number: int) -> type[models.Model] | None:
        n, rest = divmod(number - FIRST, ROOM)
        return self.models[n] if 0 <= n < len(self.models) and rest < LATER else None

    def of_uid(self, uid: str) -> type[models.Model] | None:
        return next((one for one in self.models if has_uid(one) and one._default_manager.filter(uid=uid).exists()), None)

    def of_the_stranger(self, model: type[models.Model]) -> models.Model | None:
        first = FIRST + self.models.index(model) * ROOM + LATER
        return model._default_manager.filter(pk__gte=first, pk__lt=first + LATER).order_by("pk").first()

    def foreign(self, named: str) -> str | None:
        """The stranger's row of the same table as what is named, named in the same way."""
        model = self.of_uid(named) if "-" in named else self.of_number(int(named))
        row = self.of_the_stranger(model) if model is not None and model._meta.db_table not in SHARED else None
        return None if row is None else str(row.serializable_value("uid") if "-" in named else row.pk)


def has_uid(model: type[models.Model]) -> bool:
    return any(one.name == "uid" for one in model._meta.fields)


@contextmanager
def written(naming: str) -> Iterator[list[str]]:
    """Statements with this name among their values that wrote a row."""
    found: list[str] = []

    def watch(execute: Any, statement: Any, params: Any, many: bool, context: Any) -> Any:
        answer, words = execute(statement, params, many, context), str(statement).upper()
        writes = any(verb in words for verb in ("INSERT ", "UPDATE ", "DELETE ")) and "FOR UPDATE" not in words
        if writes and naming in str(params) and context["cursor"].rowcount:
            found.append(str(statement)[:160])
        return answer

    with connection.execute_wrapper(watch):
        yield found


@pytest.fixture
def tables() -> Tables:
    found = Tables()
    found.count_from(0)
    return found


@pytest.fixture
def everybody(tables: Tables, north: Site) -> User:
    """Holds every role at the north."""
    for role in Role:
        user = nurse("everybody", north, role=role)
    return user


@pytest.fixture
def rows(tables: Tables, everybody: User, north: Site, dara: User, lena: User) -> dict[str, str]:
    """The morning of the north, and then one of the south that it must know nothing of."""
    now = timezone.now()
    today = morning(north, nurse=dara, lead=lena, now=now)
    here = fill(today, everybody, now)
    keep(today, everybody, now)
    tables.count_from(LATER)
    south = sites.add(code="south", name="South Lake Clinic", time_zone="America/Chicago", subdivision="IL")
    eli = nurse("eli", south)
    for role in Role:
        staff.join(eli, site=south, role=role)
    there: Morning = morning(south, nurse=eli, lead=eli, now=now, names=NAMES, phones=range(700, 800))
    fill(there, eli, now)
    keep(there, eli, now)
    practitioners.give_account(Practitioner.objects.get(npi="1234567893"), everybody)  # the directory is the whole house's
    Person.objects.filter(patient__sites__site=south).update(family=FOREIGN)
    return here


def keep(today: Morning, user: User, now: datetime) -> None:
    """What people lay down for themselves, and on a chart."""
    SavedView.objects.create(owner=user, name="Mine", lane="team")
    Absence.objects.create(user=user, first_day=now.date() + 9 * DAY, last_day=now.date() + 10 * DAY)
    contacts.add_email(person=today.patient.person, address=f"{user.username}@example.org", now=now)
    other = practitioners.upsert(npi="1003000126", family="Orr", given="Iris")
    assert other is not None
    team.name(journey=today.journey, role=TeamRole.ORDERER, person=other, source="by hand", now=now, by=user)


@pytest.mark.before_merge
def test_no_field_of_any_form_reaches_a_row_of_another_site(
    signed_in: Enter, tables: Tables, everybody: User, rows: dict[str, str]
) -> None:
    client = signed_in(everybody)
    client.raise_request_exception = False
    wrong: list[tuple[str, str, str]] = []
    tried: set[str] = set()
    for form in every_form(client, rows):
        for name, value in form.naming():
            named = NAME.findall(value)
            swapped = {one: other for one in named if (other := tables.foreign(one))}
            for one, other in swapped.items():
                tried.add(NAME.sub("", f"{form.action} {name}"))
                wrong += [(form.action, name, said) for said in answers(client, form, {name: value.replace(one, other)}, other)]
            wrong += [(form.action, name, said) for said in answers(client, form, {name: NAME.sub("nonsense", value)}, "nonsense\0")]
    assert {"/queue/bulk/ item", "/queue/views/forget/ view", "/patients//addresses/end/ address", "/journeys//team/leave/ member"} <= tried
    assert not wrong, "\n".join(map(str, wrong))


def every_form(client: Client, rows: dict[str, str]) -> Iterator[Form]:
    """Of every page, each once: what differs only in the row that it is about is the same form."""
    seen = set()
    for address in PAGES.values():
        where = address.format(**rows)
        answer = client.get(where)
        assert answer.headers["Cache-Control"] == "no-store", where
        assert answer.headers["X-Frame-Options"] == "DENY", where
        for form in forms_of(answer.content.decode(), where) if "html" in answer.headers["Content-Type"] else ():
            key = (NAME.sub("", form.action), frozenset(form.fields))
            if key not in seen and not form.action.startswith("/accounts/"):
                seen.add(key)
                yield form


def answers(client: Client, form: Form, instead: dict[str, str], naming: str) -> Iterator[str]:
    """What is wrong with the answer: an error of ours, something written under that name, or something shown of the stranger's patients."""
    said = {**form.filled(), **instead}
    with transaction.atomic(), written(naming) as statements:
        answer = client.post(form.action, said) if form.method == "post" else client.get(form.action, said)
        transaction.set_rollback(True)
    if answer.status_code >= 500:
        yield f"answers {answer.status_code} to {instead}"
    if FOREIGN in answer.content.decode(errors="replace") or naming in answer.headers.get("Location", ""):
        yield "shows what is another site's"
    (field,) = instead
    if statements and (form.action.strip("/").rpartition("/")[2].replace("-", "_"), field) not in MEANT_FOR_OTHERS:
        yield f"writes {statements}"


def test_nonsense_in_the_second_step_of_registering_is_no_error_of_ours(signed_in: Enter, lena: User, north: Site) -> None:
    said = {"family": "Orr", "given": "Ida", "site_field": str(north.pk), "looked_at": "nonsense", "new": "1"}
    assert signed_in(lena).post("/register/", said).status_code == 302
