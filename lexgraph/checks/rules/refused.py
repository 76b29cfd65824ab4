"""Rules about the form of a document: most of what they name, IAM refuses to store.

A record is three lines: the code, our severity, AWS's level (``-`` where the code is ours alone) and the kinds of
policy it concerns (none named: all); what is found; what to do about it.
"""

TABLE = """
JSON_SYNTAX_ERROR error error
    The document is not JSON
    Mend the JSON at this place: a comma, a quote or a bracket is missing or too much.
INVALID_ENCODING error -
    The document is not UTF-8 text
    Save the document as UTF-8 text.
INVALID_CHARACTER error -
    A character that no policy may hold
    Replace the character, or put a wildcard in its place.
DUPLICATE_KEY error -
    The same key twice in one object
    Keep one of the two: a reader that takes the last would lose the first.
TOO_DEEP error -
    A document nested too deep
    Nest less deeply; no policy needs more than a few levels.
TOO_LARGE error -
    A document larger than AWS takes
    Split the policy, or remove white space.
NUMBER_TOO_LONG error -
    A number longer than any service sends
    Write a number that a service could send.
DATA_TYPE_MISMATCH error error
    A value of another JSON type than its element takes
    Give the element a value of the type that the message names.
INVALID_POLICY_ELEMENT error error
    An element that no policy has
    Write each element once and as AWS spells it, such as Statement, Effect, Action, Resource and Condition.
UNSUPPORTED_ELEMENT_COMBINATION error error
    Two elements that exclude each other
    Keep one of the two, or split the statement.
INVALID_VERSION error error
    A Version that does not exist
    Write "2012-10-17": with the older version, or none, policy variables are plain text.
MISSING_STATEMENT error error
    A document without Statement
    Add a Statement; without one this is no policy.
EMPTY_STATEMENT error -
    An empty list of statements
    Add a statement, or remove the policy.
UNSUPPORTED_SID error error
    A Sid with other characters than letters and digits
    Use letters and digits only.
UNIQUE_SIDS_REQUIRED error error
    Two statements with the same Sid
    Give each statement a Sid of its own, or none.
UNIQUE_SIDS_RECOMMENDED warning warning resource endpoint
    Two statements with the same Sid, in a policy whose service may take it
    Give each statement a Sid of its own, so that a report can name it.
MISSING_EFFECT error error
    A statement without Effect
    Add "Effect": "Allow" or "Deny".
INVALID_EFFECT error error
    An Effect that is neither Allow nor Deny
    Write "Allow" or "Deny", with a capital letter.
MISSING_ACTION error error
    A statement without Action and NotAction
    Add Action or NotAction.
EMPTY_ARRAY_ACTION error suggestion
    An empty list of actions
    Name an action, or remove the statement.
MALFORMED_ACTION error -
    An action that is not written service:Name
    Write service:Action with one colon, such as lex:GetBot.
MISSING_RESOURCE error error
    A statement without Resource and NotResource
    Add Resource or NotResource; "*" means every resource.
EMPTY_ARRAY_RESOURCE error suggestion
    An empty list of resources
    Name a resource, or write "*" if every resource is meant.
INVALID_ARN_PREFIX error error
    A resource that is no ARN
    Write the whole ARN, or "*".
INVALID_PARTITION error error
    A partition that does not exist
    Write aws, or the partition of China, GovCloud or another separate cloud.
MISSING_PRINCIPAL error error resource trust endpoint rcp
    A statement without Principal
    Add a Principal that says whom the statement is about.
UNSUPPORTED_PRINCIPAL error error
    A Principal in a policy that takes none, or a principal that no policy takes
    Remove a Principal from a policy that is attached to its principals; elsewhere name users or roles, not groups.
INVALID_PRINCIPAL_FORMAT error error
    A principal that is not written as one
    Name a principal by its ARN, its account, its service or its id.
INVALID_PRINCIPAL_KEY error error
    A type of principal that does not exist
    Use AWS, Service, Federated or CanonicalUser.
UNSUPPORTED_WILDCARD_IN_PRINCIPAL error error
    A wildcard within a principal's name
    Name the principal in full, or narrow * by a condition on aws:PrincipalArn.
ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL error error trust
    A trust policy whose Principal is the bare *
    Name those who may assume the role, or write {"AWS": "*"} and narrow it by a condition.
ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL error error trust
    A trust policy with NotPrincipal
    Name those who may assume the role in Principal.
ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE error error trust
    A trust policy with Resource or NotResource
    Remove the element: a trust policy is about its own role.
INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY error error trust
    A federated principal that is neither a provider's ARN nor a domain name
    Name the SAML or OIDC provider by its ARN, or a public provider by its domain.
INVALID_CONDITION_OPERATOR error error
    A condition operator that does not exist
    Use an operator of IAM, such as StringEquals or ForAnyValue:StringLike.
NULL_WITH_IF_EXISTS error error
    Null with IfExists
    Write Null alone: it already says what happens when the key is absent.
DUPLICATE_KEYS_WITH_DIFFERENT_CASE error error
    Two condition keys that differ by case only
    Put the values of both into one key: condition keys do not differ by case.
POLICY_SIZE_EXCEEDS_SCP_QUOTA error error scp
    A service control policy over its quota
    Split the policy, or remove white space: it counts in service control policies.
POLICY_SIZE_EXCEEDS_RCP_QUOTA error error rcp
    A resource control policy over its quota
    Split the policy, or remove white space: it counts in resource control policies.
POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA warning warning identity boundary session
    An identity policy over the quota of a managed policy
    Split the policy; AWS's own managed policies may be larger, yours may not.
POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA warning warning trust
    A trust policy over the default quota
    Shorten the policy, or ask AWS for a larger quota.
POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA warning warning resource endpoint
    A policy over the quota of its service
    Shorten the policy, for example by conditions on an organization instead of a list of accounts.
SCP_SYNTAX_ERROR_ACTION_WILDCARD error error scp
    An SCP whose action has a wildcard before its end
    Put the wildcard at the end, or list the actions; since September 2025 AWS takes wildcards anywhere.
SCP_SYNTAX_ERROR_ALLOW_CONDITION error error scp
    An SCP that allows under a condition
    Deny under the opposite condition; since September 2025 AWS takes conditions with Allow.
SCP_SYNTAX_ERROR_ALLOW_NOTACTION error error scp
    An SCP that allows by NotAction
    List the actions, or deny the others; since September 2025 AWS takes NotAction with Allow.
SCP_SYNTAX_ERROR_ALLOW_RESOURCE error error scp
    An SCP that allows some resources only
    Allow "*" and deny the other resources; since September 2025 AWS takes resources with Allow.
SCP_SYNTAX_ERROR_NOTRESOURCE error error scp
    An SCP with NotResource
    Name the resources in Resource; since September 2025 AWS takes NotResource.
SCP_SYNTAX_ERROR_PRINCIPAL error error scp
    An SCP with Principal
    Remove the element; a condition on aws:PrincipalArn says whom it is about.
RCP_SYNTAX_ERROR_ALLOW error error rcp
    An RCP that allows some access only
    Deny the rest: besides AWS's own RCPFullAWSAccess, resource control policies only deny.
RCP_SYNTAX_ERROR_ACTION error error rcp
    An RCP about a service that resource control policies do not reach
    Name actions of services that AWS lists for resource control policies.
RCP_SYNTAX_ERROR_NOTACTION error error rcp
    An RCP with NotAction
    List the actions in Action.
RCP_SYNTAX_ERROR_PRINCIPAL error error rcp
    An RCP about some principals only
    Write "Principal": "*" and say whom it is about by a condition.
"""
