"""The table of reciprocal pairs against chance."""

from __future__ import annotations

from api.table import Column, Table
from views import reciprocity

RECIPROCITY = Table(
    "reciprocity", reciprocity.ReciprocityView, reciprocity.reciprocity,
    "Reciprocal pairs against a null model, over pairs tested both ways: first of all pairs, then by pair of types",
    (
        Column("group_a", "text", "one type; null = untyped, and in the first row (all pairs)", "23P", True),
        Column("group_b", "text", "the other type, or the same", "BC", True),
        Column("n_tested", "integer", "unordered pairs of both tested both ways", 11832),
        Column("observed", "integer", "those of them that are connected both ways", 1000),
        Column("expected", "number", "mean of the sampled graphs", 497.3),
        Column("sd", "number", "standard deviation of the sampled graphs", 16.8, True),
        Column("ratio", "number", "observed / expected; null where nothing is expected", 2.01, True),
        Column("z", "number", "(observed - expected) / sd; null where the samples are all the same", 29.9, True),
        Column("p", "number", "two-sided: (1 + samples at least as far from the mean of all) / (1 + samples)", 0.0099),
        Column("p_adjusted", "number", "adjusted for the number of pairs of types by Benjamini and Hochberg; null in "
               "the first row", 0.036, True),
        Column("ratio_low", "number", "lower end of the 95 % interval of the excess P(both) / (P(a->b) P(b->a)), in "
               "the first row of the ratio; null under the degree null", 1.89, True),
        Column("ratio_high", "number", "upper end; null = no upper limit, or the degree null", 2.13, True),
        Column("n_connections", "integer", "connections in both directions among the tested pairs", 4685),
    ),
    "",
    ("autapses",),
)  # fmt: skip
