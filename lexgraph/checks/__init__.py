"""Findings as values: what is wrong or doubtful in a policy, where, why it matters, and what to do about it."""

from lexgraph.checks.finding import SEVERITIES, Finding, Severity
from lexgraph.checks.rules import LEFT_OUT, RULES, Rule
from lexgraph.checks.suppressions import Suppression, Suppressions, parse_suppressions, read_suppressions
from lexgraph.checks.validate import validate_file, validate_policy

__all__ = [
    "LEFT_OUT",
    "RULES",
    "SEVERITIES",
    "Finding",
    "Rule",
    "Severity",
    "Suppression",
    "Suppressions",
    "parse_suppressions",
    "read_suppressions",
    "validate_file",
    "validate_policy",
]
