"""What may go wrong with a call: which errors pass, which ones mean that access is denied, and what to say of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from lexgraph.errors import LexgraphError, shown

# none       AWS says that there is nothing
# denied     the caller may not
# credentials  they have expired, so that nothing else would succeed either
# passing    throttled, or the connection broke: worth trying again
# failed     anything else
Kind = Literal["none", "denied", "credentials", "passing", "failed"]

DENIED = frozenset(
    "AccessDenied AccessDeniedException AccessDeniedForDependencyException AllAccessDisabled AuthorizationError "
    "AuthorizationErrorException NotAuthorized UnauthorizedOperation UnauthorizedException".split()
)
EXPIRED = frozenset("ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired".split())
PASSING = frozenset(
    "BandwidthLimitExceeded ConcurrentModificationException DependencyTimeoutException EC2ThrottledException "
    "InternalError InternalErrorException InternalFailure InternalServerError InternalServerException "
    "InternalServiceError KMSInternalException PriorRequestNotComplete ProvisionedThroughputExceededException "
    "RequestLimitExceeded RequestThrottled RequestThrottledException RequestTimeout RequestTimeoutException "
    "ServerException ServiceException ServiceFailure ServiceFailureException ServiceUnavailable "
    "ServiceUnavailableException SlowDown ThrottledException Throttling ThrottlingException TooManyRequestsException "
    "TransactionInProgressException".split()
)
# Errors about a request's parameters. Those of lexgraph do not change, so with a marker it is the marker that is wrong.
_PARAMETER = re.compile(
    r"^(Validation(Error|Exception)?$|InvalidInput|InvalidParameter|InvalidArgument"
    r"|BadRequest|Invalid\w*(Marker|Token|Pagination)|Expired\w*(Marker|Token|Pagination)|InvalidRequest|Pagination)"
)
# AWS repeats what was signed in such a message, the session token included.
_SIGNED = re.compile(r"signature|canonical|x-amz-|credential=", re.IGNORECASE)
_ACCESS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{8,}")
_TOO_MANY_REQUESTS, _SERVER_ERROR, _FORBIDDEN = 429, 500, 403
WITHHELD = "(AWS's message is withheld, since it repeats what was signed)"
REMEDIES = {
    "ReportNotPresent": "the account has no credential report; aws iam generate-credential-report makes one",
    "ReportExpired": "the credential report is too old; aws iam generate-credential-report makes a new one",
    "ReportInProgress": "the credential report is being made; it is there in a minute",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call has no answer: its kind, AWS's code or the name of the exception, and a message that may be shown."""

    kind: Kind
    code: str
    message: str = ""

    @property
    def about_parameters(self) -> bool:
        """Whether it may be the request's marker that AWS does not accept."""
        return self.kind == "failed" and bool(_PARAMETER.match(self.code))

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


def live_error(message: str, code: str) -> LexgraphError:
    """Return the error of a collection that could not be begun or gone on with."""
    return LexgraphError(message, code=code)


def failure_of(error: Exception, *, none: Iterable[str] = (), secrets: Iterable[str] = ()) -> Failure:
    """Return what an exception of botocore means; `secrets` never show in the message.

    >>> failure_of(TimeoutError("the server said nothing")).kind
    'passing'
    """
    response = getattr(error, "response", None)
    if isinstance(response, dict) and isinstance(response.get("Error"), dict):
        return _answered(response, frozenset(none), secrets)
    if isinstance(error, LookupError):  # botocore looks for what a stranger's page does not have
        return Failure("passing", "BadAnswer", "the answer is not one of AWS")
    return Failure(_kind_of_exception(error), type(error).__name__, safe_text(str(error), secrets))


def _answered(response: dict[str, Any], none: frozenset[str], secrets: Iterable[str]) -> Failure:
    code = shown(response["Error"].get("Code") or "Unknown")[1:-1]
    text = REMEDIES.get(code) or safe_text(str(response["Error"].get("Message") or ""), secrets)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return Failure(_kind_of_code(code, status, none), code, text)


def _kind_of_code(code: str, status: int, none: frozenset[str]) -> Kind:
    if code in none:
        return "none"
    if code in EXPIRED:
        return "credentials"
    if code in DENIED:
        return "denied"
    if code in PASSING or status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR:
        return "passing"
    # A bucket or a proxy may answer 403 with a code of its own.
    return "denied" if status == _FORBIDDEN and code in ("403", "Forbidden") else "failed"


def _kind_of_exception(error: Exception) -> Kind:
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    credentials = (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.UnauthorizedSSOTokenError,
        exceptions.TokenRetrievalError,
        exceptions.SSOError,
    )
    if isinstance(error, credentials):
        return "credentials"
    # A certificate that does not fit will not fit the next time either.
    if isinstance(error, exceptions.SSLError | exceptions.ProxyConnectionError):
        return "failed"
    broken = (exceptions.HTTPClientError, exceptions.ConnectionError, exceptions.IncompleteReadError)
    return "passing" if isinstance(error, (*broken, ResponseParserError, OSError)) else "failed"


def safe_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a message of AWS as it may be shown: without secrets, escaped, and cut.

    >>> safe_text("The token abcdefgh is not known", ["abcdefgh"])
    'The token (hidden) is not known'
    """
    text = " ".join(text.split())
    for secret in secrets:
        text = text.replace(secret, "(hidden)")
    if _SIGNED.search(text):
        return WITHHELD
    return shown(_ACCESS_KEY.sub("(access key)", text))[1:-1]
