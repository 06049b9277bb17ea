"""The format of a pathway: read (YAML), checked (`schema`, `validate`), compiled for the pure core (`compile`), published as rows (`publish`)."""
