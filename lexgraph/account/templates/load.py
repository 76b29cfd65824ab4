"""From bytes to a template: which format it is, its value, and where in the text everything stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal

from lexgraph.account.templates.yamltext import MAX_DEPTH, YamlText, load_yaml
from lexgraph.errors import DocumentError, shown
from lexgraph.policy.jsontext import decode, find_places, load_json, locator, refuse_non_json, too_deep

Json = Any
Format = Literal["cloudformation", "terraform plan", "terraform state"]
YAML_ENDINGS = (".yaml", ".yml")
ENDINGS = (".json", *YAML_ENDINGS, ".template")
MOST_BYTES = 256_000_000  # of a Terraform plan; those of whole organizations have some ten million
# Finding the line of a place means reading the text once more, slowly; beyond this the pointer must do.
_MOST_TO_SEARCH = 8_000_000
# Words of which every template has one, so that other files need not be parsed.
_MARKS = (b"Resources", b"planned_values", b"resource_changes", b"terraform_version")


@dataclass(slots=True)
class Template:
    """A template that was read: its format, its value, and what finds line and column of a pointer."""

    source: str
    format: Format
    value: Mapping[str, Json]
    text: str
    yaml: YamlText | None = None
    _find: Callable[[str], tuple[int, int] | None] | None = field(default=None, repr=False)

    def place(self, pointer: str) -> tuple[int | None, int | None]:
        """Return line and column of what stands at a pointer, or around it; of text within a document, its own."""
        if len(self.text) > _MOST_TO_SEARCH:
            return None, None
        if self._find is None:
            self._find = self._yaml_places() if self.yaml else self._json_places()
        while (found := self._find(pointer)) is None and pointer:
            pointer = pointer.rpartition("/")[0]
        return found or (None, None)

    def _yaml_places(self) -> Callable[[str], tuple[int, int] | None]:
        values = self.yaml.values if self.yaml else {}
        return values.get

    def _json_places(self) -> Callable[[str], tuple[int, int] | None]:
        places, place = find_places(self.text), locator(self.text)
        return lambda pointer: None if (offset := places.values.get(pointer)) is None else place(offset)


def load_template(data: bytes | str, *, source: str = "template") -> Template | None:
    """Return the template that the data are, or None where they are something else.

    Raises DocumentError where they may be one and cannot be read.

    >>> load_template('{"Resources": {"Bot": {"Type": "AWS::Lex::Bot"}}}').format
    'cloudformation'
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if not any(mark in raw for mark in _MARKS):
        return None
    if len(raw) > MOST_BYTES:
        raise DocumentError(f"{len(raw):,} bytes are more than a template has", code="TOO_LARGE", source=source)
    text = decode(data, source=source)
    yaml = load_yaml(text, source=source) if _is_yaml(text, source) else None
    value = yaml.value if yaml else load_json(text, source=source)
    found = format_of(value)
    if found is None:
        _refuse_own_state(value, source)
        return None
    if yaml:
        refuse_non_json(value, source=source)
    _refuse_deep(value, text, source)
    return Template(source, found, value, text, yaml)


def _is_yaml(text: str, source: str) -> bool:
    """Whether the text is YAML rather than JSON; a name that ends in .json settles it, else how the text begins."""
    ending = PurePath(source).suffix.lower()
    return ending != ".json" and text[:200].lstrip()[:1] not in ("{", "[", '"')


def format_of(value: Json) -> Format | None:
    """Return which template a value is, None where it is none.

    >>> format_of({"format_version": "1.2", "planned_values": {}})
    'terraform plan'
    """
    if not isinstance(value, Mapping) or "Statement" in value:
        return None
    if "format_version" in value or "terraform_version" in value:
        if "planned_values" in value or "resource_changes" in value:
            return "terraform plan"
        if isinstance(value.get("values"), Mapping):
            return "terraform state"
    resources = value.get("Resources")
    if "AWSTemplateFormatVersion" in value or "Transform" in value:
        return "cloudformation" if isinstance(resources, Mapping) else None
    if not isinstance(resources, Mapping) or not resources:
        return None
    typed = (isinstance(one, Mapping) and isinstance(one.get("Type"), str) for one in resources.values())
    return "cloudformation" if any(typed) else None


def _refuse_own_state(value: Json, source: str) -> None:
    if isinstance(value, Mapping) and isinstance(value.get("resources"), list) and "terraform_version" in value:
        message = "this is Terraform's own state file; give what terraform show -json prints"
        raise DocumentError(message, code="NO_TEMPLATE", source=source)


def _refuse_deep(value: Json, text: str, source: str) -> None:
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return
        level = [inner for one in level for inner in _inner(one)]
    message = f"nested deeper than {MAX_DEPTH} levels"
    at = too_deep(find_places(text).too_deep or 0, text, source)
    raise DocumentError(message, code="TOO_DEEP", line=at.line, column=at.column, source=source)


def _inner(value: Json) -> list[Json]:
    if isinstance(value, Mapping):
        return [one for one in value.values() if isinstance(one, Mapping | list)]
    return [one for one in value if isinstance(one, Mapping | list)] if isinstance(value, list) else []


def no_template(source: str) -> DocumentError:
    """Return the error for a file that was given as a template and is none."""
    expected = "a CloudFormation or SAM template, or what terraform show -json prints"
    return DocumentError(f"{shown(source)} is no template: expected {expected}", code="NO_TEMPLATE", source=source)
