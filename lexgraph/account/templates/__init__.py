"""The IAM policies in infrastructure templates: Terraform's plans and states, CloudFormation's and SAM's templates.

:func:`parse_template` returns what a template says; nothing is deployed, fetched or run. A value that the template does
not tell makes the statement that it stands in unknown, and never a wider or a narrower one. Policies that a template
attaches by ARN or name, and does not hold, are among what is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lexgraph.account.templates.cloudformation import read_cloudformation
from lexgraph.account.templates.found import (
    Collector,
    TemplateAttachment,
    TemplatePolicies,
    TemplatePolicy,
    TemplateSkipped,
    Unresolved,
)
from lexgraph.account.templates.load import ENDINGS, Template, load_template, no_template
from lexgraph.account.templates.terraform import read_terraform

__all__ = [
    "ENDINGS",
    "Template",
    "TemplateAttachment",
    "TemplatePolicies",
    "TemplatePolicy",
    "TemplateSkipped",
    "Unresolved",
    "collect",
    "load_template",
    "parse_template",
    "read_loaded",
]


def parse_template(
    data: bytes | str, *, source: str = "template", parameters: Mapping[str, Any] | None = None
) -> TemplatePolicies:
    """Return the policies in a template.

    Parameters
    ----------
    data : the text of a CloudFormation or SAM template (JSON or YAML), or of what ``terraform show -json`` prints.
    source : the file's name; one that ends in ``.json`` is never taken for YAML.
    parameters : values of the template's parameters, and of pseudo parameters such as ``AWS::AccountId``; what is not
        given is the template's default, or stays open.

    Raises
    ------
    DocumentError
        Where the data are no template, or one that cannot be read.
    LexgraphError
        With the code ``MISSING_LIBRARY`` where a YAML template is given and PyYAML is not installed.

    Examples
    --------
    >>> text = '''{"Resources": {"Readers": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument":
    ...     {"Statement": {"Effect": "Allow", "Action": "lex:Get*", "Resource": "*"}}}}}}'''
    >>> [(one.policy.name, one.policy.kind, one.place) for one in parse_template(text).policies]
    [('Readers', 'identity', '/Resources/Readers/Properties/PolicyDocument')]
    """
    template = load_template(data, source=source)
    if template is None:
        raise no_template(source)
    return read_loaded(template, parameters)


def read_loaded(template: Template, parameters: Mapping[str, Any] | None = None) -> TemplatePolicies:
    """Return the policies in a template that :func:`load_template` returned."""
    return collect(template, parameters).done()


def collect(template: Template, parameters: Mapping[str, Any] | None = None) -> Collector:
    """Return the documents in a template, before they are read as policies."""
    read = read_cloudformation if template.format == "cloudformation" else read_terraform
    return read(template, parameters)
