"""A front before the AWS on loopback: it counts what is asked, pages answers, and answers with errors when told to."""

import json
import re
import socket
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlencode

IAM = "https://iam.amazonaws.com/doc/2010-05-08/"
LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
SIGNED = re.compile(r"Credential=[^/]+/\d+/([\w-]+)/([\w-]+)/aws4_request")
# Operations of services that tell them by method and path.
PATHS = [
    ("s3", "GET", r"/\?.*max-buckets|^/$", "ListBuckets"),
    ("s3", "GET", r"/[^/?]+\?policy", "GetBucketPolicy"),
    ("lambda", "GET", r"/2015-03-31/functions/?(\?|$)", "ListFunctions"),
    ("lambda", "GET", r"/2015-03-31/functions/.+/policy", "GetPolicy"),
    ("lex", "POST", r"/bots/?$", "ListBots"),
    ("lex", "POST", r"/bots/[^/]+/botaliases/?$", "ListBotAliases"),
    ("lex", "GET", r"/policy/", "DescribeResourcePolicy"),
    ("elasticfilesystem", "GET", r"/2015-02-01/file-systems/?(\?|$)", "DescribeFileSystems"),
    ("elasticfilesystem", "GET", r"/2015-02-01/file-systems/.+/policy", "DescribeFileSystemPolicy"),
    ("backup", "GET", r"/backup-vaults", "ListBackupVaults"),
]


@dataclass(frozen=True)
class Asked:
    """A request: the service it was signed for, the operation, the region, and its parameters as a text."""

    service: str
    operation: str
    region: str
    body: str
    path: str

    @property
    def key(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def marker(self) -> str | None:
        return parse_qs(self.body).get("Marker", [None])[0]


@dataclass(frozen=True)
class Answer:
    """What to send: a status and a body; `cut` sends the first half and closes the connection."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


Rule = Callable[[Asked], Answer | None]


def error(code: str, message: str = "told to", status: int = 400) -> Callable[[Asked], Answer]:
    """Return a rule's answer: an error in the form of the service that was asked."""

    def answer(asked: Asked) -> Answer:
        if asked.service in ("iam", "sts", "sns"):
            inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            body = f'<ErrorResponse xmlns="{IAM}">{inner}<RequestId>1</RequestId></ErrorResponse>'
        elif asked.service == "s3":
            body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        else:
            body = json.dumps({"__type": code, "message": message, "Message": message})
        headers = {} if body.startswith("<") else {"x-amzn-ErrorType": code}
        return Answer(status, body.encode(), headers)

    return answer


class Front:
    """The front: `asked` is what was asked, in order; `rules` are tried before the request is passed on."""

    def __init__(self, port: int) -> None:
        self.behind = port
        self.asked: list[Asked] = []
        self.rules: list[Rule] = []
        self.per_page: int | None = None
        self.used: list[str] = []
        self.lock = Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def count(self, key: str) -> int:
        return sum(asked.key == key for asked in self.asked)

    def on(
        self, key: str, answer: Callable[[Asked], Answer | None], *, times: int | None = None, skip: int = 0
    ) -> None:
        """Answer an operation in another way: the requests after the first `skip`, `times` of them."""
        seen = [0]

        def rule(asked: Asked) -> Answer | None:
            if asked.key != key:
                return None
            seen[0] += 1
            late = times is not None and seen[0] > skip + times
            return None if seen[0] <= skip or late else answer(asked)

        self.rules.append(rule)

    def answer(self, asked: Asked, method: str, headers: dict[str, str]) -> Answer:
        with self.lock:
            self.asked.append(asked)
            for rule in self.rules:
                if found := rule(asked):
                    return found
        if asked.operation == "GetAccountAuthorizationDetails" and self.per_page:
            return self.page(asked, method, headers)
        return self.passed_on(method, asked.path, asked.body, headers)

    def passed_on(self, method: str, path: str, body: str, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.behind, timeout=30)
        try:
            connection.request(method, path, body.encode("latin-1"), headers)
            response = connection.getresponse()
            kept = {k: v for k, v in response.getheaders() if k.lower().startswith(("content-type", "x-amz"))}
            return Answer(response.status, response.read(), kept)
        finally:
            connection.close()

    def page(self, asked: Asked, method: str, headers: dict[str, str]) -> Answer:
        """A page of moto's one answer; its marker tells where it begins."""
        asked_for = {k: v[0] for k, v in parse_qs(asked.body).items() if k not in ("Marker", "MaxItems")}
        whole = self.passed_on(method, asked.path, urlencode(asked_for), headers)
        ET.register_namespace("", IAM)
        root = ET.fromstring(whole.body)  # noqa: S314 - the document is moto's
        result = root.find(f"{{{IAM}}}GetAccountAuthorizationDetailsResult")
        lists = [result.find(f"{{{IAM}}}{name}") for name in LISTS]
        items = [(one, item) for one in lists if one is not None for item in list(one)]
        first = int((asked.marker or "marker-0").rpartition("-")[2])
        for number, (parent, item) in enumerate(items):
            if not first <= number < first + self.per_page:
                parent.remove(item)
        for policy in root.iter(f"{{{IAM}}}member"):
            # AWS names the policies, and moto leaves the names out.
            if policy.find(f"{{{IAM}}}DefaultVersionId") is not None:
                ET.SubElement(policy, f"{{{IAM}}}PolicyName").text = policy.findtext(f"{{{IAM}}}Arn").rpartition("/")[2]
        after = first + self.per_page
        truncated = result.find(f"{{{IAM}}}IsTruncated")
        truncated.text = "true" if after < len(items) else "false"
        if after < len(items):
            ET.SubElement(result, f"{{{IAM}}}Marker").text = f"marker-{after}"
        return Answer(200, ET.tostring(root), {"Content-Type": "text/xml"})

    def handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("latin-1")
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "content-length")}
                answer = front.answer(asked_of(self.command, self.path, body, headers), self.command, headers)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if answer.cut:
                    self.wfile.write(answer.body[: len(answer.body) // 2])
                    self.wfile.flush()
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                else:
                    self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = serve  # noqa: N815 - as http.server names them

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def asked_of(method: str, path: str, body: str, headers: dict[str, str]) -> Asked:
    """Return what a request asks."""
    lower = {name.lower(): value for name, value in headers.items()}
    signed = SIGNED.search(lower.get("authorization", ""))
    region, service = signed.groups() if signed else ("", "")
    if target := lower.get("x-amz-target"):
        operation = target.rpartition(".")[2]
    elif action := parse_qs(body).get("Action"):
        operation = action[0]
    else:
        fits = (name for of, how, form, name in PATHS if (of, how) == (service, method) and re.match(form, path))
        operation = next(fits, f"{method} {path}")
    return Asked(service, operation, region, body, path)
