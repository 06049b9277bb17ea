"""FHIR written as XML, as the same value that its JSON has. No document type is read, so nothing can be expanded or fetched. Pure."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args, get_origin
from xml.parsers import expat

import msgspec

from pathways.ingest.message import Unreadable

from . import structs

FHIR, XHTML = "http://hl7.org/fhir", "http://www.w3.org/1999/xhtml"
DEEPEST = 200
RAW_LISTS = frozenset({"entry", "link", "parameter", "part"})
"""Elements that readers take as lists without a struct."""


class Node:
    """An element while it is open: its primitive value, if it has one, and what is inside of it."""

    __slots__ = ("inside", "name", "value")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.value = attributes.get("value")
        self.inside: dict[str, Any] = {key: attributes[key] for key in ("id", "url") if key in attributes}
        if name[:1].isupper():
            self.inside["resourceType"] = name


class Builder:
    """Takes the parser's events; `root` is the resource once the document is over."""

    def __init__(self) -> None:
        self.open: list[Node] = []
        self.foreign = 0
        self.root: dict[str, Any] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if self.foreign or space == XHTML:
            self.foreign += 1  # the narrative is for people
            return
        if not self.open and space != FHIR:
            raise Unreadable("not_recognised", "The file is XML, but neither HL7 v2, FHIR nor a table. CDA documents are not read.")
        if len(self.open) >= DEEPEST:
            raise Unreadable("json_depth", "The XML is nested so deeply that no record can be meant.")
        self.open.append(Node(local, attributes))

    def end(self, name: str) -> None:
        if self.foreign:
            self.foreign -= 1
            return
        node = self.open.pop()
        if not self.open:
            self.root = node.inside
            return
        into = self.open[-1].inside
        if node.name[:1].isupper():  # a resource stands inside of `resource` or `contained`, and is what that holds
            into.update(node.inside)
            return
        if node.value is not None:
            _put(into, node.name, _primitive(node.name, node.value))
            if node.inside:
                into.setdefault(f"_{node.name}", node.inside)
        elif node.inside:
            _put(into, node.name, node.inside)

    @staticmethod
    def refuse(*_: Any) -> None:
        raise Unreadable(
            "xml_doctype", "The XML begins with a document type (DOCTYPE). FHIR has none, and it could pull in other files: it is not read."
        )


def value_of(body: bytes) -> dict[str, Any]:
    """The resource as JSON would state it, all primitives but booleans and whole numbers as the text that was written.

    Raises:
        Unreadable: no XML, no FHIR, or a document type.
    """
    builder = Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.StartDoctypeDeclHandler = builder.refuse
    try:
        parser.Parse(body.lstrip(b"\xef\xbb\xbf \t\r\n"), True)
    except expat.ExpatError as error:
        words = expat.errors.messages.get(error.code, "") if error.code else ""
        raise Unreadable("xml_syntax", f"This is no XML: {words} in line {error.lineno}, column {error.offset + 1}.") from error
    return builder.root


def _put(into: dict[str, Any], name: str, value: Any) -> None:
    """What is repeated is a list; what may be repeated is one too, where R4 knows no other element of that name."""
    known = into.get(name)
    if name not in into:
        into[name] = [value] if name in _lists(isinstance(value, dict)) else value
    elif isinstance(known, list):
        known.append(value)
    else:
        into[name] = [known, value]


@cache
def _lists(of_objects: bool) -> frozenset[str]:
    many, one = set(RAW_LISTS), set()
    for shape in vars(structs).values():
        if isinstance(shape, type) and issubclass(shape, structs.Element):
            for field in msgspec.structs.fields(shape):
                if get_origin(field.type) is not list:
                    one.add(field.encode_name)
                elif (get_args(field.type)[0] is not str) is of_objects:
                    many.add(field.encode_name)
    return frozenset(many - one)


BOOLEANS = frozenset({"active", "preferred"})


def _primitive(name: str, text: str) -> Any:
    if text in ("true", "false") and (name in BOOLEANS or name.endswith("Boolean")):
        return text == "true"
    if (name == "rank" or name.endswith("Integer")) and text.lstrip("-").isdecimal() and len(text) < 19:
        return int(text)
    return text
