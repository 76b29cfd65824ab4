"""The report: a page that opens offline and runs no script, with its tables and charts as files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_report(
    source: Any, folder: str | Path, *, redact: bool = False, parameters: Mapping[str, Any] | None = None
) -> Path:
    """Write a report on policies or an account into a folder, and return the path of its page.

    The folder then holds ``index.html``, ``tables/<table>.csv`` (and ``.parquet``, and all in ``tables/tables.xlsx``,
    where the extras for them are installed), ``charts/<chart>.svg`` and ``.png``, and ``about.json``, which says where
    all of it comes from. The same input writes the same bytes. A report that is there already is replaced, file by
    file; a folder that holds something else by these names is refused. A policy of a folder that cannot be read does
    not stop the report; the page and ``about.json`` (``skipped``) name it.

    Parameters
    ----------
    source : an account, a set of policies or a policy; or, as on the command line, the name of a policy's file, of a
        folder of them, of an account's authorization details, of a managed policy (``Name``, ``Name@v6``), or a
        pattern of such names (``AmazonLex*``).
    folder : where to write; it is made where it does not exist.
    redact : write placeholders for the ids of accounts, principals and access keys, for external ids and for IP
        addresses, the same for the same id in all files; hashes of inputs are left out. Names stay as they are.
    parameters : values for the parameters of templates that `source` names, and of ``AWS::AccountId`` and its like.

    Raises
    ------
    LexgraphError
        Where the input cannot be read, or the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> write_report("AmazonLexReadOnly", tempfile.mkdtemp()).name
    'index.html'
    """
    from lexgraph.report.subject import subject_of
    from lexgraph.report.write import write_subject

    return write_subject(subject_of(source, parameters=parameters), Path(folder), redact=redact)
