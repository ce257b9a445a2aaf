"""Which tables of motifs the API serves: the census, the triples of a class, the three-node search."""

from __future__ import annotations

from api.table import Column, Table
from views import motif_instances, motifs, node_search

_NODES = (
    Column("cell_a", "id", "cell a", "864691135808473885"),
    Column("cell_b", "id", "cell b", "864691136123456789"),
    Column("cell_c", "id", "cell c; null for a pair", "864691135774053371", True),
    *(Column(f"type_{node}", "text", f"type of {node}; null = untyped", "BC", True) for node in "abc"),
    *(Column(f"n_{way}", "integer", f"synapses {way[0]} -> {way[1]}; null for a pair", 5, True)
      for way in motif_instances.WAYS),
)  # fmt: skip

TABLES = (
    Table(
        "motifs", motifs.MotifsView, motifs.motifs,
        "Classes of three (or two) cells by how they are connected, counted, against a null model",
        (
            Column("class", "text", "one of the 16 classes of triads, 003 to 300; or of the 3 of dyads", "030T"),
            Column("count", "integer", "triples (pairs) of the set that belong to it", 74355),
            Column("expected", "number", "mean over the sampled graphs", 48180.2),
            Column("sd", "number", "standard deviation over them; null = one sample", 411.8, True),
            Column("ratio", "number", "count / expected; null = none expected", 1.54, True),
            Column("z", "number", "(count - expected) / sd; null where all samples are the same", 63.6, True),
            Column("p", "number", "two-sided: (1 + samples at least as far out) / (1 + samples)", 0.0099),
            Column("p_adjusted", "number", "p adjusted for the number of classes (Benjamini-Hochberg)", 0.0106),
        ),
        "",
        ("autapses",),
    ),
    Table(
        "motif_instances", motif_instances.InstancesView, motif_instances.instances,
        "The triples (pairs) of one class, those with most synapses first; a, b, c in the order of its roles",
        (
            *_NODES,
            Column("total", "integer", "synapses of all connections among the cells", 253),
        ),
        f"roles: {motif_instances.roles()}",
        ("autapses",),
    ),
    Table(
        "node_search", node_search.NodeSearchView, node_search.search,
        "Three sets of cells connected as asked: examples, the ledger's total, and what a null model expects",
        (
            *_NODES,
            Column("weakest", "integer", "synapses of the weakest connection that was asked for", 7),
            Column("total", "integer", "synapses of the connections that were asked for", 42),
        ),
        "total, expected, sd, ratio, z, p, null, samples and seed stand beside the ledger",
        ("autapses",),
    ),
)  # fmt: skip
