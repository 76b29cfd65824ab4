"""What to do about each error, in one sentence: of a policy as its rule says, of an account's file as stands here."""

from __future__ import annotations

from lexgraph.checks.rules import rule

ACCOUNT_REMEDIES = {
    "CONTRADICTORY_PAGES": "Fetch the pages again in one go: the account changed between them.",
    "MISSING_ELEMENT": "Add the element that the message names.",
    "MIXED_ACCOUNTS": "Validate the answer of each account on its own.",
    "NOT_AN_ACCOUNT": "Give the answer of aws iam get-account-authorization-details.",
}


def remedy(code: str) -> str:
    """Return what to do about an error with this code.

    >>> remedy("MIXED_ACCOUNTS")
    'Validate the answer of each account on its own.'
    """
    return ACCOUNT_REMEDIES.get(code) or rule(code).remedy
