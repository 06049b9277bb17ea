"""HL7 v2: a tolerant tokenizer of our own, and what each kind of message states."""
