"""What to do about each error, in one sentence: of a policy as its rule says, of an account's file as stands here."""

from __future__ import annotations

from lexgraph.checks.rules import rule

ACCOUNT_REMEDIES = {
    "CONTRADICTORY_PAGES": "Fetch the pages again in one go: the account changed between them.",
    "CONTRADICTORY_POLICIES": "Leave one policy for each resource: the one that AWS holds now.",
    "CONTRADICTORY_ROWS": "Fetch the credential report again: it has one row for each user.",
    "INVALID_ACCOUNT": "Write the account as its twelve digits, zeros in front included, as text.",
    "INVALID_ARN": "Write the ARN as AWS gives it, in the list of its kind.",
    "INVALID_CSV": "Give the report as AWS wrote it, decoded from base64 and not edited.",
    "INVALID_TREE": "Describe the whole tree: one root, and for all else the id of what it hangs on.",
    "INVALID_VALUE": "Give the report as AWS wrote it, decoded from base64 and not edited.",
    "MISSING_ELEMENT": "Add the element that the message names.",
    "MIXED_ACCOUNTS": "Validate the answer of each account on its own.",
    "NOTHING_TO_READ": "Give a folder that holds .json files.",
    "NOT_AN_ACCOUNT": "Give the answer of aws iam get-account-authorization-details.",
    "NOT_AN_ORGANIZATION": "Give a file with the organization, its roots, units, accounts and policies.",
    "NOT_A_COLLECTION": "Give a folder that lexgraph collect wrote.",
    "NOT_COLLECTED": "Collect again with a role that may read the policy.",
    "REPEATED_COLUMN": "Give the report as AWS wrote it, decoded from base64 and not edited.",
    "REPEATED_ID": "Leave one entry for each id.",
    "UNKNOWN_POLICY": "Add the policy to Policies, with Content null where its document is not known.",
    "UNKNOWN_SCHEMA": "Read the folder with the version of lexgraph that wrote it, or a later one.",
}


def remedy(code: str) -> str:
    """Return what to do about an error with this code.

    >>> remedy("MIXED_ACCOUNTS")
    'Validate the answer of each account on its own.'
    """
    return ACCOUNT_REMEDIES.get(code) or rule(code).remedy
