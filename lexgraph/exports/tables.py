"""Tables as CSV, Excel, parquet and JSON, the same bytes every time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

import pandas as pd

from lexgraph.errors import ExportError, shown
from lexgraph.exports.cells import csv_cell, without_controls
from lexgraph.exports.provenance import Provenance

# Excel's own limits.
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
LONGEST_CELL = 32_767
CONTINUED = "continued"
_FIXED_DATE = datetime(2000, 1, 1)  # noqa: DTZ001 - the format has no zone, and the moment means nothing


def write_csv(table: pd.DataFrame, file: BinaryIO, _: Provenance | None = None, *, raw: bool = False) -> None:
    """Write a table as CSV: UTF-8, lines end in a line feed, an unknown value is an empty cell."""
    plain = _flat(table)
    if not raw:
        plain = _mapped(plain, csv_cell)
    # The csv module leaves a lone carriage return unquoted, and readers would end the line there.
    returns = any(_texts(plain[name]).str.contains("\r", regex=False, na=False).any() for name in _textual(plain))
    if returns:
        text = plain.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    else:
        text = plain.to_csv(index=False, lineterminator="\n")
    file.write(text.encode("utf-8", "surrogatepass" if raw else "strict"))


def write_json(table: pd.DataFrame, file: BinaryIO, _: Provenance | None = None) -> None:
    """Write a table as a JSON list with an object a row, a row a line; an unknown value is null."""
    plain = _flat(table)
    file.write(b"[\n")
    for number, values in enumerate(_rows(plain)):
        row = json.dumps(dict(zip(plain.columns, values, strict=True)), ensure_ascii=True, allow_nan=False)
        file.write(f"{',' if number else ' '}{row}\n".encode("ascii"))
    file.write(b"]\n")


def write_parquet(table: pd.DataFrame, file: BinaryIO, about: Provenance) -> None:
    """Write a table as parquet; the file's metadata say under ``lexgraph`` where it comes from."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise _missing("parquet", "pyarrow") from None
    bare = _flat(table)
    bare.attrs = {}
    made = pa.Table.from_pandas(bare, preserve_index=False)
    metadata = {**(made.schema.metadata or {}), b"lexgraph": about.text().encode("ascii")}
    pq.write_table(made.replace_schema_metadata(metadata), file, compression="zstd")


def write_excel(table: pd.DataFrame, file: BinaryIO, about: Provenance) -> None:
    """Write a table as an Excel workbook, with a second sheet that says where it comes from."""
    write_workbook({"table": table}, file, about)


def write_workbook(
    tables: Mapping[str, pd.DataFrame], file: BinaryIO, about: Provenance, *, left_out: Sequence[str] = ()
) -> None:
    """Write several tables as the sheets of a workbook; the sheet ``about`` says where they come from.

    Texts are written as texts, never as formulas or links. A text longer than a cell may be goes on, piece by piece,
    in the sheet ``continued``. `left_out` says which tables are not in it.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise _missing("excel", "xlsxwriter") from None
    for name, table in tables.items():
        _refuse_too_large(name, table)
    as_text = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    # The library turns an error of the file into one of its own; so it gets none that can fail.
    made = io.BytesIO()
    workbook = xlsxwriter.Workbook(made, {"in_memory": True, **as_text})
    # Set, since the library would else take the clock.
    workbook.set_properties({"created": _FIXED_DATE, "author": "lexgraph"})
    bold = workbook.add_format({"bold": True})
    long: list[tuple[str, ...]] = []
    for name, table in tables.items():
        _fill(workbook.add_worksheet(name), _flat(table), bold, partial(_shortened, long, name))
    if long:
        frame = pd.DataFrame(long, columns=["sheet", "row", "column", "piece", "text"], dtype="str")
        _fill(workbook.add_worksheet(CONTINUED), frame, bold, lambda row, column, text: text)
    said = (*about.rows(), *(("left out", text) for text in left_out))
    frame = pd.DataFrame(said, columns=["what", "value"], dtype="str")
    _fill(workbook.add_worksheet("about"), frame, bold, partial(_shortened, [], "about"))
    workbook.close()
    file.write(made.getvalue())


def _fill(sheet: Any, table: pd.DataFrame, bold: Any, fitted: Callable[[int, str, str], str]) -> None:
    widths = [len(str(name)) for name in table.columns]
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, without_controls(str(name)), bold)
    for row, values in enumerate(_rows(table), 1):
        for column, value in enumerate(values):
            if isinstance(value, str):
                sheet.write_string(row, column, fitted(row + 1, table.columns[column], without_controls(value)))
                widths[column] = max(widths[column], min(len(value), 60))
            elif isinstance(value, bool):
                sheet.write_boolean(row, column, value)
            elif value is not None:
                sheet.write_number(row, column, value)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width + 2)
    sheet.freeze_panes(1, 0)
    if len(table.columns):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)


def _shortened(long: list[tuple[str, ...]], sheet: str, row: int, column: str, text: str) -> str:
    """The text, or its beginning with a note where the rest, which goes to `long`, can be found."""
    # Excel counts UTF-16 units, so a character beyond U+FFFF may count twice; half the limit is always safe.
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 <= LONGEST_CELL:
        return text
    size = LONGEST_CELL // 2
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    long += [(sheet, str(row), column, str(number), piece) for number, piece in enumerate(pieces[1:], 2)]
    return f"{pieces[0]}… [goes on in the sheet {CONTINUED}: {len(pieces) - 1} more pieces]"


def _refuse_too_large(name: str, table: pd.DataFrame) -> None:
    if len(table) >= MOST_ROWS or len(table.columns) > MOST_COLUMNS:
        raise ExportError(
            f"{shown(name)} has {len(table):,} rows and {len(table.columns):,} columns, more than an Excel sheet "
            "takes: write it as .parquet or .csv",
            code="TOO_LARGE",
        )


# Cells ---------------------------------------------------------------------------------------------------------------


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """The table with texts for column names, no two of them alike, and an index that says something as columns."""
    plain = table
    if not isinstance(table.index, pd.RangeIndex) or table.index.name is not None:
        plain = table.reset_index(allow_duplicates=True)
    labels: list[Any] = list(plain.columns)
    names = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in labels]
    named = plain.set_axis(pd.Index(_numbered(names), dtype="object"), axis=1)
    held = {str(name): named[name].map(_plain) for name in named if _holds_several(named[name])}
    return named.assign(**held) if held else named


def _holds_several(column: pd.Series[Any]) -> bool:
    """Whether cells hold lists or sets, which no format but JSON knows; they are written as texts, sets in order."""
    return column.dtype == object and any(isinstance(cell, list | tuple | set | frozenset) for cell in column)


def _numbered(names: list[str]) -> list[str]:
    """The names; one that an earlier one has already gets a number."""
    found: dict[str, None] = {}
    for name in names:
        wanted, number = name, 2
        while wanted in found:
            wanted, number = f"{name} ({number})", number + 1
        found[wanted] = None
    return list(found)


def _textual(table: pd.DataFrame) -> list[str]:
    types = pd.api.types
    return [str(name) for name, dtype in table.dtypes.items() if not types.is_numeric_dtype(dtype)]


def _texts(column: pd.Series) -> pd.Series:
    return column.astype("string")


def _mapped(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """The table with its texts, and its column names, changed; each distinct text once."""
    changed = {}
    for name in _textual(table):
        column = _texts(table[name])
        new = {text: change(text) for text in column.dropna().unique()}
        if any(old != now for old, now in new.items()):
            changed[name] = column.map(new, na_action="ignore")
    made = table.assign(**changed) if changed else table
    return made.set_axis(pd.Index([change(name) for name in made.columns], dtype="object"), axis=1)


def _rows(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield the rows as str, bool, int, float and None."""
    columns = [[_plain(value) for value in table.iloc[:, at].tolist()] for at in range(table.shape[1])]
    return zip(*columns, strict=True) if columns else iter(())


def _plain(value: Any) -> Any:
    if isinstance(value, str | bool | int):
        return value
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, float):
        return value if abs(value) != float("inf") else str(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, set | frozenset):
        return ", ".join(sorted(map(str, value)))
    return str(value)


def _missing(extra: str, library: str) -> ExportError:
    return ExportError(f'this needs {library}: install it with pip install "lexgraph[{extra}]"', code="MISSING_LIBRARY")


WRITERS = {".csv": write_csv, ".xlsx": write_excel, ".parquet": write_parquet, ".json": write_json}
