"""The tables of reciprocal pairs that the API serves."""

from __future__ import annotations

from api.table import Column, Table
from views import pair_warnings, reciprocal, reciprocal_types

_ID = "864691135808473885"
_PARTNER = "864691136123456789"

TABLES = (
    Table(
        "reciprocal", reciprocal.ReciprocalView, reciprocal.reciprocal,
        "Reciprocal pairs of a set, or between two sets, the strongest total first",
        (
            Column("cell_a", "id", "the cell that makes more synapses; of equal ones the smaller id", _ID),
            Column("cell_b", "id", "the other cell", _PARTNER),
            Column("n_ab", "integer", "synapses a -> b", 14),
            Column("n_ba", "integer", "synapses b -> a", 7),
            Column("sum_size_ab", "number", "summed size of the synapses a -> b; null = none measured", 31020, True),
            Column("sum_size_ba", "number", "the same for b -> a", 12054, True),
            Column("type_a", "text", "type of a; null = untyped", "BC", True),
            Column("type_b", "text", "type of b; null = untyped", "23P", True),
            Column("total", "integer", "n_ab + n_ba", 21),
            Column("smaller", "integer", "synapses of the weaker direction", 7),
            Column("balance", "number", "weaker / stronger direction, by synapses", 0.5),
            Column("sum_size", "number", "summed size of both directions; null where one has none", 43074, True),
            Column("distance_um", "number", "from soma to soma; null where a position is missing", 112.4, True),
            Column("tested", "boolean", "whether both orders are tested pairs", True),
            Column("proofread_a", "boolean", "whether the axon of a is proofread; null where nothing tells", True,
                   True),
            Column("proofread_b", "boolean", "the same for b", False, True),
            Column("kind_a", "text", "value of the column `group`; untyped: without one; fragment: no cell", "BC"),
            Column("kind_b", "text", "the same for b", "23P"),
            Column("warnings", "text", "what makes the pair doubtful, names separated by commas",
                   "axon_not_proofread"),
        ),
        "broad_type_a and broad_type_b; compartments_ab and compartments_ba, synapses by compartment of the "
        "postsynaptic cell, where the source tells them",
        ("autapses", "sel"),
        pair_warnings.depends,
    ),
    Table(
        "reciprocal_types", reciprocal_types.ReciprocalTypesView, reciprocal_types.table,
        "Reciprocal pairs and reciprocated connections by groups of cells, over tested pairs",
        (
            Column("pre_group", "text", "group of the presynaptic cell; null = the untyped", "23P", True),
            Column("post_group", "text", "group of the postsynaptic cell; null = the untyped", "BC", True),
            Column("n_pairs_tested", "integer", "unordered pairs of both groups with both orders tested", 11832),
            Column("n_reciprocal", "integer", "those of them that are connected both ways", 1000),
            Column("n_connections", "integer", "connections pre -> post whose reverse is a tested pair", 3116),
            Column("n_reciprocated", "integer", "those of them whose reverse is a connection", 1569),
            Column("fraction", "number", "n_reciprocated / n_connections; null where there are none", 0.504, True),
            Column("ci_low", "number", "lower end of its 95 % interval (Clopper-Pearson)", 0.486, True),
            Column("ci_high", "number", "upper end", 0.521, True),
        ),
        "",
        ("autapses",),
    ),
)  # fmt: skip
