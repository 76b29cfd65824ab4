"""Validation of every policy document in a template, each by its own kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from lexgraph.account.templates import TemplateSkipped
from lexgraph.account.templates.filling import OPEN, stand_in
from lexgraph.account.templates.found import Collector, Document
from lexgraph.account.templates.gaps import gaps_in
from lexgraph.checks.finding import Finding
from lexgraph.checks.validate import validate_policy


def validate_template(found: Collector) -> tuple[tuple[Finding, ...], tuple[TemplateSkipped, ...]]:
    """Return everything that is wrong or doubtful in what was collected from a template, and what was passed over.

    Pointers, lines and columns are those of the template. Where the template leaves a value open, nothing is told of
    that value, and the rest is judged.

    >>> from lexgraph.account.templates import collect, load_template
    >>> text = '''{"Resources": {"Readers": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument":
    ...     {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "lex:GetBott", "Resource": "*"}}}}}}'''
    >>> [(one.code, one.pointer) for one in validate_template(collect(load_template(text)))[0]]
    [('INVALID_ACTION', '/Resources/Readers/Properties/PolicyDocument/Statement/Action')]
    """
    # AWS's own, SAM's policy templates and managed ones that Terraform looked up, are left out: nobody can mend them.
    findings = tuple(finding for one in found.documents if not one.aws for finding in _of_document(one, found))
    return findings, tuple(found.skipped)


def _of_document(document: Document, found: Collector) -> Iterator[Finding]:
    filled = stand_in(document.node)
    if filled.refused is not None:
        found.skip(filled.refused[0], document.name, filled.refused[1])
        return
    read = filled.document
    if not isinstance(read, str | dict):
        read = json.dumps(read)  # no object, which the finding says
    open_places = tuple(node.place for node, _ in gaps_in(document.node))
    for finding in validate_policy(read, kind=document.kind, name=document.name):
        pointer = document.place(finding.pointer, filled.node)
        at_gap = any(pointer == place or pointer.startswith(f"{place}/") for place in open_places)
        if not at_gap and (OPEN not in finding.message or not open_places):
            line, column = found.template.place(pointer)
            yield replace(finding, pointer=pointer, line=line, column=column, source=found.template.source)
