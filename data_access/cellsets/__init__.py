"""The cell-set language: one text that selects cells in the page, the URL, the API and the command line.

    schema = Schema(columns={"cell_type": "text", "depth_um": "number"}, id_column="cell_id")
    tree = parse("cell_type in ['BC', 'MC'] and depth_um < 300", schema)
    mask = evaluate(tree, table, n)         # bool (n,)
    words = describe(tree, schema)          # "cell_type is one of BC, MC and depth_um is below 300"

The text is parsed to a tree of frozen dataclasses and computed on whole columns; it is never run as code.
"""

from data_access.cellsets.evaluation import SeenValues, evaluate
from data_access.cellsets.known import IdReport, report
from data_access.cellsets.parser import parse
from data_access.cellsets.problems import CellSetError, UnknownIdsError, UnknownValuesError
from data_access.cellsets.renaming import NewIds, with_ids
from data_access.cellsets.schema import ColumnSource, Kind, Schema
from data_access.cellsets.tree import Expr, columns_of
from data_access.cellsets.wording import describe
from data_access.cellsets.writing import column_name, quoted, write

__all__ = [
    "CellSetError",
    "ColumnSource",
    "Expr",
    "IdReport",
    "Kind",
    "NewIds",
    "Schema",
    "SeenValues",
    "UnknownIdsError",
    "UnknownValuesError",
    "column_name",
    "columns_of",
    "describe",
    "evaluate",
    "parse",
    "quoted",
    "report",
    "with_ids",
    "write",
]
