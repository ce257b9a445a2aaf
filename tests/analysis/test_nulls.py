"""Sampled graphs hold what their null model holds, are otherwise equally likely, and the test against them is exact."""

from __future__ import annotations

import itertools
import threading
from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from analysis import chance, null_strata, nulls
from analysis.mutual import MutualPairs
from analysis.null_model import NULLS, Model, Universe
from data_access.errors import InputError, TooLargeError

DRAWS = 4_000
# Two kinds of cells; those of the second receive nothing from each other.
TABLE = np.array([[True, True], [True, False]])


def everything(n: int) -> Universe:
    return Universe(np.zeros(n, np.int32), np.ones((1, 1), bool))


def random_graph(universe: Universe, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    n = universe.n_cells
    pre, post = np.divmod(np.arange(n * n), n)
    pre, post = pre.astype(np.int32), post.astype(np.int32)
    there = universe.holds(pre, post) & (np.random.default_rng(seed).random(n * n) < share)
    return pre[there], post[there]


def example(null: str, n: int = 30, share: float = 0.2, seed: int = 1, groups: int = 3) -> Model:
    """A graph of two kinds and some types, the connections of which that are no pair of the universe are kept."""
    random = np.random.default_rng(seed)
    universe = Universe(random.integers(0, 2, n).astype(np.int32), TABLE)
    pre, post = random_graph(everything(n), share, seed)
    group, position = random.integers(0, groups, n).astype(np.int32), random.uniform(0, 100, (n, 3))
    return nulls.model(null, universe, group, tuple("abcdefgh"[:groups]), pre, post, position=position)


def graphs(model: Model, samples: int, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Whole sampled graphs: pre, post, edge."""
    flat = nulls.run(model, samples, seed, lambda pre, post, edge: np.concatenate([pre, post, edge]).astype(float))
    return [tuple(np.split(row.astype(int), 3)) for row in flat]  # type: ignore[misc]


def code_of(n: int) -> nulls.Statistic:
    """A graph of few cells as one number: a bit for each ordered pair."""
    return lambda pre, post, edge: np.array(
        [float(sum(1 << (int(i) * n + int(j)) for i, j in zip(pre, post, strict=True)))]
    )


@pytest.mark.parametrize("null", NULLS)
@pytest.mark.parametrize("share", [0.1, 0.8], ids=["sparse", "dense"])
def test_connections_stay_single_in_the_universe_and_as_many_as_they_were(null: str, share: float) -> None:
    model = example(null, share=share)
    m = model.n_connections
    assert len(model.kept_pre) > 0
    observed = model.observed
    for pre, post, edge in graphs(model, 8):
        assert len(set(zip(pre, post, strict=True))) == len(pre) == len(observed[0])
        assert model.universe.holds(pre[:m], post[:m]).all()
        assert sorted(edge) == sorted(observed[2])
        for sampled, kept in zip((pre, post, edge), (model.kept_pre, model.kept_post, model.kept_edge), strict=True):
            np.testing.assert_array_equal(sampled[m:], kept)
        assert (pre[:m] != observed[0][:m]).any() or (post[:m] != observed[1][:m]).any()


def test_the_type_null_holds_every_pair_of_types_and_what_a_connection_carries_stays_in_it() -> None:
    model = example("type")
    m, group = model.n_connections, model.group
    of = dict(zip(model.edge, zip(group[model.pre], group[model.post], strict=True), strict=True))
    for pre, post, edge in graphs(model, 5):
        assert [of[e] for e in edge[:m]] == list(zip(group[pre[:m]], group[post[:m]], strict=True))


def test_the_distance_null_holds_every_pair_of_types_in_bins_that_are_the_same_both_ways() -> None:
    random = np.random.default_rng(5)
    n = 60
    universe, group = everything(n), random.integers(0, 2, n).astype(np.int32)
    position = random.uniform(0, 100, (n, 3))
    position[7] = np.nan
    pre, post = random_graph(universe, 0.2, 5)
    model = nulls.model("distance", universe, group, ("a", "b"), pre, post, position=position)
    assert not np.isin(7, [model.pre, model.post])
    assert set(model.kept_edge) == set(np.flatnonzero((pre == 7) | (post == 7)))
    strata = model.strata
    assert strata is not None
    i, j = np.divmod(strata.pairs, n)
    assert len(set(strata.pairs.tolist())) == len(strata.pairs) == (n - 1) * (n - 2)
    of = np.repeat(np.arange(len(strata)), strata.n_pairs)
    np.testing.assert_array_equal(strata.group_a[of], group[i])
    np.testing.assert_array_equal(strata.group_b[of], group[j])
    distance = np.sqrt(((position[i] - position[j]) ** 2).sum(axis=1))
    bins = {(a, b): strata.bin[of][(i == a) & (j == b)][0] for a, b in zip(i[::97], j[::97], strict=True)}
    for (a, b), number in bins.items():
        assert strata.bin[of][(i == b) & (j == a)][0] == number
    for a, b in ((0, 0), (0, 1), (1, 1)):
        here = (group[i] == a) & (group[j] == b)
        sizes = np.bincount(strata.bin[of][here])
        assert sizes.max() - sizes.min() <= 2
        assert sizes.min() >= null_strata.LEAST_IN_BIN
        edges = [(distance[here & (strata.bin[of] == k)].min(), distance[here & (strata.bin[of] == k)].max())
                 for k in range(len(sizes))]  # fmt: skip
        assert all(first[1] <= second[0] + 1e-4 for first, second in itertools.pairwise(edges))
    stratum = dict(zip(zip(i, j, strict=True), of, strict=True))
    held = Counter(stratum[pair] for pair in zip(model.pre, model.post, strict=True))
    for a, b, _ in graphs(model, 3):
        m = model.n_connections
        assert Counter(stratum[pair] for pair in zip(a[:m], b[:m], strict=True)) == held


@pytest.mark.parametrize("m", [2, 6], ids=["few", "most"])
@pytest.mark.parametrize("null", ["er", "type"])
def test_every_graph_of_these_numbers_is_equally_likely(null: str, m: int) -> None:
    universe = Universe(np.array([0, 0, 1], np.int32), np.array([[True, True], [True, True]]))
    if null == "er":
        universe = Universe(np.array([0, 0, 1, 1], np.int32), TABLE)
    n = universe.n_cells
    pre, post = random_graph(universe, 1.0, 0)
    if null == "type":
        pre, post = np.array([0, 0, 2], np.int32)[: m // 2], np.array([1, 2, 0], np.int32)[: m // 2]
    else:
        pre, post = pre[:m], post[:m]
    group = np.array([0, 0, 1, 1], np.int32)[:n]
    model = nulls.model(null, universe, group, ("a", "b"), pre, post)
    found = Counter(nulls.run(model, DRAWS, 3, code_of(n))[:, 0].tolist())
    pairs = list(zip(*random_graph(universe, 1.0, 0), strict=True))
    key = (lambda p: 0) if null == "er" else (lambda p: (group[p[0]], group[p[1]]))
    held = Counter(key(p) for p in zip(pre, post, strict=True))
    possible = [c for c in itertools.combinations(pairs, len(pre)) if Counter(map(key, c)) == held]
    assert len(found) == len(possible) > 1
    assert chisquare(list(found.values())).pvalue > 1e-3


def same_degrees(universe: Universe, pre: np.ndarray, post: np.ndarray) -> list[tuple[tuple[int, int], ...]]:
    """Every graph within the universe with these out- and in-degrees, by trying all."""
    pairs = list(zip(*random_graph(universe, 1.0, 0), strict=True))
    wanted = Counter(pre.tolist()), Counter(post.tolist())
    return [
        graph for graph in itertools.combinations(pairs, len(pre))
        if (Counter(int(i) for i, _ in graph), Counter(int(j) for _, j in graph)) == wanted
    ]  # fmt: skip


def edges_between(n: int, pairs: list[tuple[int, int]]) -> Universe:
    """A universe of exactly these pairs."""
    allowed = np.zeros((n, n), bool)
    allowed[tuple(np.array(pairs).T)] = True
    return Universe(np.arange(n, dtype=np.int32), allowed)


HEXAGON = [(0, 1), (2, 3), (4, 0), (0, 3), (2, 0), (4, 1)]
DEGREES = {
    "switches are enough": (everything(5), [(0, 1), (0, 2), (1, 2), (2, 3), (3, 0), (3, 4), (4, 1)]),
    "a directed triangle": (everything(3), [(0, 1), (1, 2), (2, 0)]),
    "a triangle beside others": (everything(5), [(0, 1), (1, 2), (2, 0), (3, 0), (3, 1)]),
    "some pairs are not tested": (
        Universe(np.array([0, 0, 1, 1, 0], np.int32), TABLE), [(0, 1), (0, 2), (1, 3), (2, 4), (3, 0), (4, 1)],
    ),
    "three cells' targets in turn": (edges_between(5, HEXAGON), HEXAGON[:3]),
}  # fmt: skip


@pytest.mark.parametrize("case", DEGREES)
def test_every_graph_of_these_degrees_is_reached_equally_often(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    universe, connections = DEGREES[case]
    monkeypatch.setattr(nulls, "BETWEEN", 10)
    pre, post = np.array(connections, np.int32).T
    possible = same_degrees(universe, pre, post)
    model = nulls.model("degree", universe, np.zeros(universe.n_cells, np.int32), (None,), pre, post)
    found = Counter(nulls.run(model, DRAWS, 2, code_of(universe.n_cells))[:, 0].tolist())
    assert len(found) == len(possible) > 1
    assert chisquare(list(found.values())).pvalue > 1e-3


def test_the_degree_null_holds_degrees_forgets_its_start_and_says_how_it_mixed() -> None:
    n = 150
    universe = everything(n)
    random = np.random.default_rng(2)
    weight = random.lognormal(0, 1, n)
    chosen = random.choice(n * n, 1500, replace=False, p=np.outer(weight, weight).ravel() / weight.sum() ** 2)
    pre, post = np.divmod(chosen[chosen // n != chosen % n], n)
    pre, post = pre.astype(np.int32), post.astype(np.int32)
    model = nulls.model("degree", universe, np.zeros(n, np.int32), (None,), pre, post)
    for a, b, _ in graphs(model, 4):
        np.testing.assert_array_equal(np.bincount(a, minlength=n), np.bincount(pre, minlength=n))
        np.testing.assert_array_equal(np.bincount(b, minlength=n), np.bincount(post, minlength=n))
    statistic = MutualPairs(model.group, np.zeros((1, 1), np.int32), 1)
    sampled = nulls.sampled(model, 400, 1, statistic)
    mixing = sampled.mixing
    assert mixing is not None
    assert mixing.chains == 4
    assert 0.3 < mixing.acceptance < 1
    assert mixing.switches == pytest.approx(nulls.BETWEEN, rel=0.1)
    assert abs(mixing.lag1[0]) < 0.2
    assert mixing.ess[0] > 250
    assert mixing.r_hat[0] < 1.03
    # Two of the four chains began with as many, with as few reciprocal pairs as they could find.
    means = [sampled.values[k::4, 0].mean() for k in range(4)]
    assert np.ptp(means) < 4 * sampled.values[:, 0].std() / 10


@pytest.mark.parametrize("null", NULLS)
def test_the_seed_decides_and_not_the_number_of_threads(null: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = example(null)
    statistic = MutualPairs(model.group, np.zeros((3, 3), np.int32), 1)
    found = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(nulls, "_threads", lambda threads=threads: threads)
        found.append(nulls.run(model, 21, 7, statistic))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    assert (nulls.run(model, 21, 8, statistic) != found[0]).any()


@pytest.mark.parametrize("null", NULLS)
def test_against_its_own_null_p_is_uniform(null: str) -> None:
    """Graphs drawn from the null itself, tested against it, over 200 seeds; ties split at random."""
    model = example(null, n=26, share=0.25, seed=3, groups=2)
    statistic = MutualPairs(model.group, np.zeros((2, 2), np.int32), 1)
    drawn = graphs(model, 200, seed=99)
    p = []
    for seed, graph in enumerate(drawn):
        pre, post = (end[: model.n_connections].astype(np.int32) for end in graph[:2])
        observed = nulls.Model(**{**vars(model), "pre": pre, "post": post})
        sampled = nulls.run(observed, 39, seed, statistic)
        p.append(chance.randomised_p(statistic(*observed.observed), sampled, np.random.default_rng(seed))[0])
    assert kstest(p, "uniform").pvalue > 0.01


@pytest.mark.parametrize("null", NULLS)
def test_a_graph_without_connections_or_without_a_choice_is_no_trouble(null: str) -> None:
    n = 4
    none = np.zeros(0, np.int32)
    position = np.zeros((n, 3))
    statistic = MutualPairs(np.zeros(n, np.int32), np.zeros((1, 1), np.int32), 1)
    empty = nulls.model(null, everything(n), np.zeros(n, np.int32), (None,), none, none, position=position)
    assert (nulls.run(empty, 10, 0, statistic) == 0).all()
    full = nulls.model(
        null, everything(n), np.zeros(n, np.int32), (None,), *random_graph(everything(n), 1, 0), position=position
    )
    assert (nulls.run(full, 10, 0, statistic) == n * (n - 1) / 2).all()


def test_what_cannot_be_run_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no null model 'degrees'") as caught:
        example("degrees")
    assert "degree" in caught.value.hint
    pre, post = random_graph(everything(5), 0.5, 0)
    with pytest.raises(InputError, match="positions"):
        nulls.model("distance", everything(5), np.zeros(5, np.int32), (None,), pre, post)
    many, nowhere = np.zeros(5_479, np.int32), np.zeros((5_479, 3))
    with pytest.raises(TooLargeError, match="30,013,962 ordered pairs are more than 30,000,000"):
        nulls.model("distance", everything(5_479), many, (None,), pre, post, position=nowhere)
    monkeypatch.setattr(nulls, "MAX_CONNECTIONS", 3)
    with pytest.raises(TooLargeError, match="up to 3 connections"):
        nulls.model("er", everything(5), np.zeros(5, np.int32), (None,), pre, post)


@pytest.mark.parametrize("null", NULLS)
def test_work_can_be_watched_and_stopped(null: str) -> None:
    class StopError(Exception):
        pass

    model = example(null)
    seen: list[int] = []
    started = threading.Event()

    def statistic(pre: np.ndarray, post: np.ndarray, edge: np.ndarray) -> np.ndarray:
        started.set()
        return np.zeros(1)

    def check() -> None:
        started.wait(10)
        raise StopError

    with pytest.raises(StopError):
        nulls.run(model, 10_000_000, 0, statistic, check=check)
    nulls.run(model, 12, 0, statistic, progress=seen.append)
    assert seen[-1] == 12

    def broken(pre: np.ndarray, post: np.ndarray, edge: np.ndarray) -> np.ndarray:
        raise KeyError("statistic")

    with pytest.raises(KeyError, match="statistic"):
        nulls.run(model, 10_000_000, 0, broken)
