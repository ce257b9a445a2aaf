"""Which tables the API serves: of each its view, the function that makes it, and its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from api import motif_tables, pair_tables
from api.chance_tables import RECIPROCITY
from api.table import Column, Table
from components import matrix_figure
from data_access.dataset import Dataset
from data_access.errors import InputError
from views import (
    carried,
    cell,
    cell_synapses,
    cells_summary,
    matrix,
    matrix_picture,
    matrix_table,
    pair_synapses,
    partners,
    schema,
    tables,
)
from views.matrix import MatrixView
from views.tables import Resolve

__all__ = ["LARGEST", "PICTURE", "TABLES", "THEMES", "Column", "MatrixPicture", "Picture", "Table"]

THEMES = ("light", "dark")
LARGEST = 4096


@dataclass(frozen=True)
class MatrixPicture(MatrixView):
    """Parameters of matrix.png: those of the matrix, and the picture's."""

    width: int = schema.whole(800, "greatest width in pixels", low=1, high=LARGEST)
    height: int = schema.whole(800, "greatest height in pixels", low=1, high=LARGEST)
    theme: str = schema.choice(THEMES, "for a light or a dark background; no connection is transparent")


@dataclass(frozen=True)
class Picture:
    """The picture route."""

    view: type[MatrixPicture]
    make: Callable[[Dataset, MatrixPicture, Resolve], bytes]
    summary: str
    unused: tuple[str, ...]


def _draw(dataset: Dataset, view: MatrixPicture, resolve: Resolve) -> bytes:
    if view.lo is not None and view.hi is not None and view.lo >= view.hi:
        raise InputError(
            f"lo={view.lo:g} is not below hi={view.hi:g}", "leave one out to use the smallest or largest value"
        )
    made = matrix.build(dataset, view, resolve)
    colours = matrix_figure.palette("dark" if view.theme == "dark" else "light")
    return matrix_picture.png(made, view, made.window(view), view.width, view.height, colours)


_ID = "864691135808473885"
_PARTNER = "864691136123456789"

TABLES = (
    Table(
        "cells", tables.CellsView, tables.cells, "Cells of a set with their attributes",
        (
            Column("cell_id", "id", "id of the cell", _ID),
            Column("cell_type", "text", "type; null = untyped", "BC", nullable=True),
        ),
        "every other column of the cell table, positions in nm, and degrees; which, GET /datasets/{id} says",
        ("autapses",),
    ),
    Table(
        "summary", cells_summary.SummaryView, cells_summary.table,
        "Cells of a set counted by chosen columns: kinds, or bins of numbers",
        (
            Column("column", "text", "column of the cell table", "cell_type"),
            Column("kind", "text", "its value; null = missing, or a bin", "BC", True),
            Column("left", "number", "least value of the bin; null = a kind, or missing", 100.0, True),
            Column("right", "number", "the bin ends below it (the last one of a column with it)", 150.0, True),
            Column("n", "integer", "cells of the set", 35),
            Column("n_selected", "integer", "of those, cells of the second set", 4),
        ),
    ),
    Table(
        "connections", tables.ConnectionsView, tables.connections,
        "Connections from one cell set onto another, ascending by (pre_id, post_id)",
        (
            Column("pre_id", "id", "presynaptic cell", _ID),
            Column("post_id", "id", "postsynaptic cell", _PARTNER),
            Column("n_synapses", "integer", "synapses of the connection", 3),
            Column("sum_size", "number", "summed synapse size, in the source's unit; null = none measured",
                   7412, True),
            Column("mean_size", "number", "mean size of the synapses that have one", 2470.667, True),
        ),
        "the dataset's own measures",
    ),
    Table(
        "synapses", tables.SynapsesView, tables.synapses,
        "Single synapses from one cell set onto another, ascending by (pre_id, post_id, synapse_id)",
        (
            Column("synapse_id", "id", "id of the synapse, or its row number in the source", "163276453"),
            Column("pre_id", "id", "presynaptic cell", _ID),
            Column("post_id", "id", "postsynaptic cell", _PARTNER),
        ),
        "size, x_nm, y_nm, z_nm where the source has them, and its other columns; 400 where the dataset has "
        "connections only",
    ),
    Table(
        "partners", partners.PartnersView, partners.partners,
        "Partners of one cell, the strongest total first",
        (
            Column("partner_id", "id", "the other cell", _PARTNER),
            Column("cell_type", "text", "its type; null = untyped", "23P", True),
            Column("n_in", "integer", "synapses from the partner onto the cell", 0),
            Column("n_out", "integer", "synapses from the cell onto the partner", 5),
            Column("sum_size_in", "number", "summed size of those; null = none measured", 0, True),
            Column("sum_size_out", "number", "summed size of those onto the partner", 11040, True),
            Column("fraction_in", "number", "n_in / all synapses onto the cell; null where the dataset lacks some",
                   0.0, True),
            Column("fraction_out", "number", "n_out / all synapses of the cell, likewise", 0.0132, True),
            Column("kind", "text", "value of the column `group`; untyped: without one; fragment: no cell", "23P"),
            Column("known", "boolean", "whether the partner is a cell and no fragment", True),
            Column("reciprocal", "boolean", "whether the two are connected both ways", False),
            Column("distance_um", "number", "from soma to soma; null where a position is missing", 112.4, True),
            Column("cumulative_in", "number", "share of this partner and the stronger ones in the input from all "
                   "partners that autapses and known admit; null for no input, and where fraction_in is", 0.31, True),
            Column("cumulative_out", "number", "the same for output", 0.2, True),
        ),
    ),
    Table(
        "partner_types", cell.PartnerTypesView, cell.partner_types,
        "Partners of one cell by type: most synapses first, then untyped cells, then fragments",
        (
            Column("kind", "text", "value of the column `group`; untyped: without one; fragment: no cell", "23P"),
            Column("partners_in", "integer", "partners of the kind that synapse onto the cell", 41),
            Column("n_in", "integer", "their synapses", 45),
            Column("fraction_in", "number", "n_in / all synapses onto the cell; null where the dataset lacks some",
                   0.006, True),
            Column("partners_out", "integer", "partners of the kind that the cell synapses onto", 25),
            Column("n_out", "integer", "synapses onto them", 26),
            Column("fraction_out", "number", "n_out / all synapses of the cell, likewise", 0.27, True),
        ),
    ),
    Table(
        "cell_synapses", cell_synapses.CellSynapsesView, cell_synapses.table,
        "Synapses of one cell, inputs first, and where each lies on its skeleton",
        (
            Column("synapse_id", "id", "id of the synapse", "165818290"),
            Column("direction", "text", "in: onto the cell; out: of the cell", "in"),
            Column("partner_id", "id", "the other cell", _PARTNER),
            Column("kind", "text", "its value in the column `group`, untyped, or fragment", "23P"),
            Column("size", "number", "size, in the source's unit", 2628.0, True),
            Column("x_nm", "number", "position", 725880.0, True),
            Column("y_nm", "number", "position", 388976.0, True),
            Column("z_nm", "number", "position", 889520.0, True),
            Column("depth_um", "number", "depth, or the position along the dataset's vertical axis", 388.976, True),
            Column("compartment", "text", "part of the postsynaptic cell, as the source says", "spine", True),
            Column("attached_um", "number", "distance to the nearest node of the cell's skeleton", 1.2, True),
            Column("path_um", "number", "from the soma to that node along the skeleton", 128.9, True),
            Column("part", "text", "what the skeleton calls that node: soma, axon, dendrite, apical dendrite", "axon",
                   True),
        ),
        "",
        ("sort", "colour", "view", "bin"),
    ),
    Table(
        "pair_synapses", pair_synapses.PairSynapsesView, pair_synapses.table,
        "Synapses between two cells, those of a onto b first, and where each lies on the skeletons of both",
        (
            Column("synapse_id", "id", "id of the synapse", "165818290"),
            Column("direction", "text", "ab: of a onto b; ba: of b onto a", "ab"),
            Column("pre_id", "id", "presynaptic cell", _ID),
            Column("post_id", "id", "postsynaptic cell", _PARTNER),
            Column("size", "number", "size, in the source's unit", 2628.0, True),
            Column("x_nm", "number", "position", 725880.0, True),
            Column("y_nm", "number", "position", 388976.0, True),
            Column("z_nm", "number", "position", 889520.0, True),
            Column("compartment", "text", "part of the postsynaptic cell, as the source says", "spine", True),
            Column("attached_pre_um", "number", "to the nearest node of the presynaptic skeleton", 0.8, True),
            Column("path_pre_um", "number", "from the soma to that node along the skeleton; null farther than 10 um "
                   "from it", 412.0, True),
            Column("part_pre", "text", "what the skeleton, or else the cell's synapses, call that node", "axon", True),
            Column("attached_post_um", "number", "the same of the postsynaptic skeleton", 1.2, True),
            Column("path_post_um", "number", "the same of the postsynaptic skeleton", 128.9, True),
            Column("part_post", "text", "the same of the postsynaptic skeleton", "dendrite", True),
        ),
    ),
    Table(
        "matrix", MatrixView, matrix_table.table,
        "Non-zero entries of the matrix of two cell sets, cell by cell or group by group",
        (
            Column("pre", "text", "presynaptic cell id or group; null = the untyped", _ID, True),
            Column("post", "text", "postsynaptic cell id or group; null = the untyped", _PARTNER, True),
            Column("value", "number", "the measure; null where it cannot be had", 3, True),
        ),
        "",
        tuple(matrix.LOOKS),
    ),
    Table(
        "gap_junctions", tables.GapJunctionsView, tables.gap_junctions,
        "Electrical pairs with at least one cell in a set; unordered, and part of no other count",
        (
            Column("cell_a", "id", "one cell", "ADAL"),
            Column("cell_b", "id", "the other cell", "ADAR"),
            Column("weight", "number", "strength as the source gives it", 2, True),
        ),
    ),
    *pair_tables.TABLES,
    RECIPROCITY,
    *motif_tables.TABLES,
    Table(
        "carried", carried.CarriedView, carried.carried,
        "The cells of a set in another version of their datastack: root ids change, nuclei do not",
        (
            Column("cell_id", "id", "id of the cell here", _ID),
            Column("nucleus_id", "id", "its nucleus; null = none, or several", "264824", True),
            Column("carried_id", "id", "its cell in the other version; null = none, or not known", _PARTNER, True),
            Column("what", "text", "same, renamed, split (a row for each part), merged, vanished or unknown",
                   "renamed"),
        ),
        "",
        ("autapses",),
        carried.versions,
    ),
)  # fmt: skip

PICTURE = Picture(
    MatrixPicture,
    _draw,
    "The matrix of two cell sets as an indexed PNG, rows presynaptic, at screen resolution",
    ("pair", "bar"),
)
