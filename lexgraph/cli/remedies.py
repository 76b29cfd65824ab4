"""What to do about each error of a document, in one sentence."""

from __future__ import annotations

_ELEMENTS = (
    "Write each element once and as AWS spells it: Version, Id, Statement; in a statement Sid, Effect, Principal, "
    "Action, Resource, Condition or a Not form."
)
REMEDIES = {
    "CONTRADICTORY_PAGES": "Fetch the pages again in one go: the account changed between them.",
    "DATA_TYPE_MISMATCH": "Give the element a value of the type that the message names.",
    "DUPLICATE_KEY": "Keep one of the two: a reader that takes the last would lose the first.",
    "DUPLICATE_KEYS_WITH_DIFFERENT_CASE": "Put the values of both into one key: condition keys do not differ by case.",
    "EMPTY_ARRAY_ACTION": "Name an action, or remove the statement.",
    "EMPTY_ARRAY_RESOURCE": 'Name a resource, or write "*" if every resource is meant.',
    "EMPTY_ARRAY_PRINCIPAL": "Name a principal, or remove the statement.",
    "EMPTY_STATEMENT": "Add a statement, or remove the policy.",
    "INVALID_ARN_PREFIX": 'Write the whole ARN, or "*".',
    "INVALID_CHARACTER": "Replace the character, or put a wildcard in its place.",
    "INVALID_CONDITION_OPERATOR": "Use an operator of IAM, such as StringEquals or ForAnyValue:StringLike.",
    "INVALID_EFFECT": 'Write "Allow" or "Deny", with a capital letter.',
    "INVALID_ENCODING": "Save the document as UTF-8 text.",
    "INVALID_POLICY_ELEMENT": _ELEMENTS,
    "INVALID_PRINCIPAL_FORMAT": "Name a principal by its ARN, its account, its service or its id.",
    "INVALID_PRINCIPAL_KEY": "Use AWS, Service, Federated or CanonicalUser.",
    "INVALID_SERVICE_IN_ACTION": "Write the service's prefix in full, such as lex:Get*.",
    "INVALID_VERSION": 'Write "2012-10-17": with the older version, or none, policy variables are plain text.',
    "JSON_SYNTAX_ERROR": "Mend the JSON at this place: a comma, a quote or a bracket is missing or too much.",
    "MALFORMED_ACTION": "Write service:Action with one colon, such as lex:GetBot.",
    "MISSING_ACTION": "Add Action or NotAction.",
    "MISSING_ARN_FIELD": "Write all six parts: arn:partition:service:region:account:resource.",
    "MISSING_EFFECT": 'Add "Effect": "Allow" or "Deny".',
    "MISSING_ELEMENT": "Add the element that the message names.",
    "MISSING_PRINCIPAL": "Add a Principal that says whom the statement is about.",
    "MISSING_RESOURCE": 'Add Resource or NotResource; "*" means every resource.',
    "MISSING_STATEMENT": "Add a Statement; without one this is no policy.",
    "MIXED_ACCOUNTS": "Validate the answer of each account on its own.",
    "NOT_AN_ACCOUNT": "Give the answer of aws iam get-account-authorization-details.",
    "NUMBER_TOO_LONG": "Write a number that a service could send.",
    "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL": "Name those who may assume the role in Principal.",
    "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE": "Remove the element: a trust policy is about its own role.",
    "TOO_DEEP": "Nest less deeply; no policy needs more than a few levels.",
    "TOO_LARGE": "Split the policy, or remove white space.",
    "UNIQUE_SIDS_REQUIRED": "Give each statement a Sid of its own, or none.",
    "UNSUPPORTED_ELEMENT_COMBINATION": "Keep one of the two, or split the statement.",
    "UNSUPPORTED_PRINCIPAL": "Remove the element: this kind of policy applies to whoever it is attached to.",
    "UNSUPPORTED_SID": "Use letters and digits only.",
    "UNSUPPORTED_WILDCARD_IN_PRINCIPAL": "Name the principal in full, or narrow * by a condition on aws:PrincipalArn.",
}


def remedy(code: str) -> str:
    """Return what to do about an error with this code.

    >>> remedy("EMPTY_STATEMENT")
    'Add a statement, or remove the policy.'
    """
    return REMEDIES.get(code, "Change the document as the message says.")
