"""What NK1, PID-21, Patient.contact and RelatedPerson say of a child's parents."""

from __future__ import annotations

from typing import Any

import pytest

from patients import fhir, hl7
from patients.demographics import StatedIdentifier, StatedKin

NK1 = "NK1|1|SMITH^SADIE^S^^^^L|MTH^Mother^HL70063|555 STATE HIGHWAY 13^^DEER CREEK^MN|^PRN^CP^^1^617^5550111|||||||||||||||spa^Spanish"


def kin(*segments: str, pid21: str = "") -> tuple[StatedKin, ...]:
    pid = ["PID", *[""] * 20, pid21]
    return hl7.kin(pid, [segment.split("|") for segment in segments], assigner="HOSP")


def test_a_mother_with_name_number_and_language() -> None:
    assert kin(NK1) == (StatedKin("parent", "mother", (), "SMITH", "SADIE", "es", ("+16175550111",)),)


@pytest.mark.parametrize(
    ("relation", "basis"),
    [("FTH^Father^HL70063", "parent"), ("PAR^Parent", "parent"), ("GRD^Guardian", "guardian"), ("X^^L^MTH^Mother^HL70063", "parent")],
)
def test_parents_and_guardians_count(relation: str, basis: str) -> None:
    assert kin(NK1.replace("MTH^Mother^HL70063", relation))[0].basis == basis


@pytest.mark.parametrize("relation", ["SIS^Sister^HL70063", "EMC^Emergency contact", "SPO^Spouse", "", "FND^Friend"])
def test_other_relations_speak_for_nobody(relation: str) -> None:
    assert kin(NK1.replace("MTH^Mother^HL70063", relation)) == ()


def test_a_relation_that_is_over_speaks_for_nobody() -> None:
    ended = [*NK1.split("|"), ""]
    ended[9] = "20200101"
    assert kin("|".join(ended)) == ()


def test_the_mothers_number_of_the_child_joins_her_next_of_kin() -> None:
    (mother,) = kin(NK1, pid21="1001^^^NORTH^MR")
    assert mother.identifiers == (StatedIdentifier("NORTH", "1001", "MR"),)
    (alone,) = kin(pid21="1001^^^NORTH^MR")
    assert (alone.role, alone.identifiers) == ("mother", (StatedIdentifier("NORTH", "1001", "MR"),))


PERSON: dict[str, Any] = {
    "relationship": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "FTH"}]}],
    "name": [{"family": "Smith", "given": ["Tom"]}],
    "telecom": [{"system": "phone", "use": "mobile", "value": "(617) 555-0112"}],
    "communication": [{"language": {"coding": [{"code": "es"}]}, "preferred": True}],
}


def test_a_related_person_is_a_father() -> None:
    assert fhir.kin(PERSON, assigner="HOSP") == StatedKin("parent", "father", (), "Smith", "Tom", "es", ("+16175550112",))


def test_one_who_is_no_longer_active_or_of_another_relation_is_nobody() -> None:
    assert fhir.kin(PERSON | {"active": False}, assigner="HOSP") is None
    assert fhir.kin(PERSON | {"relationship": [{"text": "neighbour"}]}, assigner="HOSP") is None
    assert fhir.kin(PERSON | {"period": {"end": "2020-01-01"}}, assigner="HOSP") is None


def test_a_contact_of_the_patient_counts_by_the_same_rule() -> None:
    patient = {
        "resourceType": "Patient",
        "contact": [
            {"relationship": [{"text": "Mother"}], "name": {"family": "Smith", "given": ["Sarah"]}},
            {"relationship": [{"coding": [{"code": "N"}]}], "name": {"family": "Hall"}},
        ],
    }
    said = fhir.demographics(patient, zone="America/New_York", assigner="HOSP").kin
    assert said == (StatedKin("parent", "mother", (), "Smith", "Sarah"),)
