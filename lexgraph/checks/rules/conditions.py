"""Rules about conditions.

The form of a record is told in :mod:`lexgraph.checks.rules.refused`.
"""

TABLE = """
INVALID_CONDITION_KEY_FORMAT warning error
    A condition key that is not written service:key
    Write the key with its service in front, such as aws:PrincipalTag/team.
INVALID_GLOBAL_CONDITION_KEY warning error
    A global condition key that the catalogue does not know
    Correct the key's name.
INVALID_SERVICE_CONDITION_KEY warning error
    A condition key that its service does not list
    Correct the key's name.
UNSUPPORTED_GLOBAL_CONDITION_KEY warning error
    The condition key aws:ARN, which AWS supports no more
    Use aws:PrincipalArn for who calls, aws:SourceArn for the resource on whose behalf a service calls.
DEPRECATED_GLOBAL_CONDITION_KEY warning warning
    A condition key that AWS advises against
    Use the newer key that the message names.
MISSING_TAG_KEY_IN_CONDITION warning error
    A condition on tags that names no tag
    Add the tag's name after a slash, such as aws:ResourceTag/team.
INVALID_REGION warning error
    A region in a condition that does not exist
    Write a region of AWS, such as eu-west-1.
INVALID_VPC_FORMAT warning error
    A VPC id that is none
    Write vpc- and 8 or 17 characters after it.
INVALID_VPCE_FORMAT warning error
    A VPC endpoint id that is none
    Write vpce- and 8 or 17 characters after it.
INVALID_CONDITION_DATA_TYPE warning error
    Values of different JSON types in one list
    Write all values of the list as the same type, best as strings.
INVALID_CONDITION_MULTIPLE_BOOLEAN warning error
    Several Boolean values for one key
    Write one value: true and false together say nothing.
MISSING_QUALIFIER warning error
    A key of several values without ForAllValues or ForAnyValue
    Add ForAnyValue: if one matching value is enough, ForAllValues: if all must match.
FORALLVALUES_WITH_SINGLE_VALUED_KEY security security
    ForAllValues on a key of one value
    Remove ForAllValues: it also holds when the key is absent.
NULL_WITH_QUALIFIER suggestion suggestion
    Null with ForAllValues or ForAnyValue
    Write Null alone.
EQUIVALENT_TO_NULL_FALSE suggestion suggestion
    A test that holds for every value
    Write {"Null": {key: "false"}} if any value will do.
UNSUPPORTED_ACTION_FOR_CONDITION_KEY warning error
    A condition key that AWS does not send with the action
    Move the action to a statement without this key.
MISSING_ACTION_FOR_CONDITION_KEY warning error
    A condition on what another action sets
    Allow the action that sets the value, too.
MISSING_PAIRED_CONDITION_KEYS security security
    A condition key that is unique only together with another
    Add a condition on the other key that the message names.
ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE suggestion suggestion
    Access by tags that the action does not send
    Move the actions to a statement without the tag condition.
ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE suggestion suggestion
    Access by tags to all actions but some
    List the actions: many send no tags.
DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE security security
    A denial by tags that the action does not send
    Deny these actions in a statement without the tag condition, by the resource's name.
DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE security security
    A denial by tags of all actions but some
    List the actions to deny: many send no tags, and are not denied.
IRRELEVANT_CONDITION_KEY_IN_POLICY suggestion suggestion resource trust
    A condition on the resource in the resource's own policy
    Remove the condition, or move it to an identity policy.
TYPE_MISMATCH warning warning
    An operator of another type than the condition key
    Use an operator of the key's type.
TYPE_MISMATCH_BOOLEAN warning warning
    A value that is neither true nor false
    Write "true" or "false".
TYPE_MISMATCH_DATE warning warning
    A value that is no date
    Write the date as 2026-01-31 or 2026-01-31T12:00:00Z.
TYPE_MISMATCH_IP_RANGE warning warning
    A value that is no address range
    Write an address or a range, such as 203.0.113.0/24.
TYPE_MISMATCH_NUMBER warning warning
    A value that is no number
    Write a number.
TYPE_MISMATCH_STRING warning warning
    A value that is not base64
    Write the bytes in base64.
INVALID_DATE_VALUE warning warning
    A date in seconds
    Write the date as 2026-01-31 or 2026-01-31T12:00:00Z.
NUMBER_INFINITE warning -
    A number too large to be one
    Write a number that a service could send.
STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS warning warning
    StringLike on a key that holds an ARN
    Use ArnLike: there a wildcard does not run from one part of the ARN into the next.
WILDCARD_WITHOUT_LIKE_OPERATOR warning warning
    A wildcard under an operator that knows none
    Use the Like form of the operator, or write ${*} if the character itself is meant.
PRIVATE_IP_ADDRESS warning error
    Only private addresses for aws:SourceIp
    Name public addresses, or use aws:VpcSourceIp.
PRIVATE_NOTIPADDRESS warning error
    Only private addresses excluded for aws:SourceIp
    Name public addresses, or use aws:VpcSourceIp.
PRIVATE_IP_ADDRESS_SUBSET suggestion suggestion
    Some private addresses for aws:SourceIp
    Remove the private addresses, or use aws:VpcSourceIp for them.
PRIVATE_NOTIPADDRESS_SUBSET suggestion suggestion
    Some private addresses excluded for aws:SourceIp
    Remove the private addresses, or use aws:VpcSourceIp for them.
IMPROVE_IP_RANGE suggestion suggestion
    A range whose address has bits that do not count
    Write the range by its first address.
REDUNDANT_CONDITION_VALUE_NUM suggestion suggestion
    Several limits where one decides
    Keep the limit that the message names.
EMPTY_ARRAY_CONDITION suggestion suggestion
    A condition without values
    Add values, or remove the condition.
EMPTY_ARRAY_CONDITION_FORALLVALUES suggestion suggestion
    ForAllValues without values
    Write {"Null": {key: "true"}} if the key must be absent.
EMPTY_ARRAY_CONDITION_FORANYVALUE suggestion suggestion
    ForAnyValue without values
    Add values: without any, the condition never holds.
EMPTY_ARRAY_CONDITION_IFEXISTS suggestion suggestion
    IfExists without values
    Write {"Null": {key: "true"}} if the key must be absent.
EMPTY_OBJECT_CONDITION suggestion suggestion
    An empty condition
    Add a condition, or remove the empty element.
"""
