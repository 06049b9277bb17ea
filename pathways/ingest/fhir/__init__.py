"""FHIR R4 JSON: the fields that pathways need, read tolerantly, and what each resource states."""
