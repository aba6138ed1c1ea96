"""How much of a graph is drawn: counted first, folded or cut beyond a limit with a note, refused if it is far too large."""

import re

import pytest

import autograd as ag
from autograd import Value, draw
from autograd.pictures.options import Options
from autograd.pictures.sketch import MOST, REFUSED, Sketch, few_alike
from nn import MLP
from tests.pictures.renderers import RENDERERS, texts_of


def chain(length: int) -> Value:
    """x times 1 again and again: a graph of `length` values."""
    x = Value(1.0, label="x")
    for _ in range(length - 1):
        x = x * 1.0
    return x


def values_in(source: str) -> int:
    """How many single values a picture has."""
    return len(re.findall(r"^\t+v\d+ \[", source, re.MULTILINE))


def loss_of(model: MLP, samples: int) -> Value:
    """A loss over some samples."""
    return ag.sum_([(model([0.1 * i, 1.0]) - 1.0) ** 2 for i in range(samples)])


def test_up_to_the_limit_all_is_drawn() -> None:
    """Without a note."""
    source = draw(chain(MOST)).source
    assert values_in(source) == MOST
    assert "max_nodes" not in source


def test_beyond_the_limit_the_nearest_is_drawn() -> None:
    """By the number of operations to the result; the picture says so, in every renderer."""
    result = chain(MOST + 1)
    source = draw(result).source
    assert values_in(source) == MOST
    assert "x\\ndata" not in source
    assert "m1 -> o1" in source
    for renderer in RENDERERS:
        texts = texts_of(draw(result, max_nodes=10).source, renderer)
        assert f"the 10 of {MOST + 1} nodes that are nearest to the result: max_nodes={MOST + 1} draws all" in texts
        assert "…" in texts
    assert values_in(draw(result, max_nodes=MOST + 1).source) == MOST + 1


def test_what_is_left_out_is_the_farthest() -> None:
    """A leaf one operation away is kept before a value three away."""
    near, far = Value(2.0, label="near"), Value(3.0, label="far")
    distant = ag.tanh(ag.tanh(far * 1.0))
    for result in (distant + near, near + distant):
        source = draw(result, max_nodes=4).source
        assert r'"near\ndata' in source
        assert r'"far\ndata' not in source
        assert source.count('label="…') == 1
    assert values_in(draw([result, near], max_nodes=1).source) == 1


def test_modules_fold_from_the_deepest() -> None:
    """First the neurons, then the layers, as the limit wants it; the picture says so."""
    loss = loss_of(MLP(2, [8, 8, 1], rng=0), 2)
    total = len(ag.topological_order(loss))
    note = f"{total} values, so each module below depth 1 is one node: max_nodes={total} draws all"
    assert note in draw(loss, max_nodes=40).source
    assert draw(loss, max_nodes=40).source.count("peripheries=2") == 17
    assert "below depth 0" in draw(loss, max_nodes=20).source
    assert draw(loss, max_nodes=20).source.count("peripheries=2") == 3
    assert "depth" not in draw(loss, max_nodes=total).source
    assert "the 4 of 8 nodes that are nearest" in draw(loss, max_nodes=4).source
    assert "peripheries" not in draw(loss, group=True).source


def test_a_batch_is_drawn_though_it_is_large() -> None:
    """Thousands of values of a few modules: as a node each."""
    loss = loss_of(MLP(2, [16, 16, 1], rng=0), 60)
    assert len(ag.topological_order(loss)) > REFUSED
    assert draw(loss).source.count("peripheries=2") == 33


def test_a_depth_that_was_asked_for_stays() -> None:
    """Beyond the limit what is farthest is left out instead."""
    loss = loss_of(MLP(2, [16, 16, 1], rng=0), 4)
    source = draw(loss, depth=2).source
    assert "the 500 of 738 nodes that are nearest to the result: max_nodes=738 draws all" in source
    assert "peripheries" not in source
    assert values_in(draw(loss, depth=2, max_nodes=738).source) == 738


def test_far_too_many_values_are_refused() -> None:
    """Before anything is drawn, naming the options that help; they do."""
    result = chain(REFUSED + 1)
    with pytest.raises(ValueError, match=r"5,001 values.*draw\(result, max_nodes=500\).*depth=0.*print\(tree\(result\)\)"):
        draw(result)
    assert values_in(draw(result, max_nodes=50).source) == 50
    assert values_in(draw(result, max_nodes=REFUSED + 1).source) == REFUSED + 1
    assert values_in(draw(chain(REFUSED)).source) == MOST


def test_products_of_an_expanded_dot_count() -> None:
    """They are boxes as any other."""
    x = Value(1.0)
    result = ag.dot([x] * 400, [2.0] * 400)
    assert "max_nodes" not in draw(result).source
    assert "max_nodes=402 draws all" in draw(result, expand=True, max_nodes=401).source
    assert "max_nodes" not in draw(result, expand=True, max_nodes=402).source


def test_a_dot_too_large_to_be_expanded() -> None:
    """Stays one operation, so that the limit holds."""
    x = Value(1.0, label="x")
    source = draw(ag.dot([x] * 400, [2.0] * 400) * 3.0, expand=True, max_nodes=300).source
    assert values_in(source) == 3
    assert "p1_0" not in source
    assert draw(ag.dot([x] * 400, [2.0] * 400) * 3.0, expand=True, max_nodes=403).source.count(" -> q1_") == 400


def test_alike_operands_are_drawn_up_to_a_limit() -> None:
    """Edges from one value into one operation, and boxes of its constants; a box says how many more there are."""
    x, y = Value(1.0), Value(2.0)
    assert few_alike([x, y, 1.0] * 3) == list(range(9))
    assert few_alike([x] * 150 + [y] + [1.0] * 150) == [*range(100), 150, *range(151, 251)]
    source = draw(ag.sum_([x] * 150 + [y] + [1.0] * 150)).source
    assert source.count("v0 -> o2") == 100
    assert source.count("v1 -> o2") == 1
    assert "… 100 more" in source
    assert "… 50 more" in draw(ag.sum_([x] * 150 + [1.0] * 150), constants=False).source
    assert "more" not in draw(ag.sum_([x] * 90 + [1.0] * 150), constants=False).source


def test_modules_left_out_leave_no_frame() -> None:
    """Neither of what is drawn singly nor of what is folded."""
    y = Value(1.0)
    for i in range(300):
        y = y * Value(1.0, label=f"layers.{i}.weight")
    for options in ({"group": True}, {"depth": 1}, {"depth": 0}):
        source = draw(y * 2.0, max_nodes=6, **options).source  # type: ignore[arg-type]
        assert source.count("subgraph") + source.count("peripheries") <= 6


def test_a_chain_of_a_million_is_sketched() -> None:
    """Without recursion, in time linear in it."""
    result = chain(1_000_000)
    assert values_in(draw(result, max_nodes=5).source) == 5


def test_a_result_inside_another_ones_graph() -> None:
    """It is shown though its module is folded; the module is one node all the same."""
    model = MLP(2, [2, 1], rng=0)
    hidden = model.layers[0]([1.0, 2.0])
    output = model.layers[1](hidden)[0]
    sketch = Sketch([output, hidden[0]], Options(depth=0))
    place = sketch.index[hidden[0]]
    assert sketch.places[place] == place
    assert sketch.homes[place] == ("layers.0",)
    source = draw([output, hidden[0]], depth=0).source
    assert f"c0 -> v{place} [id=r{place}]" in source
    assert f"v{place} -> c1" in source


def test_a_page_draws_larger_graphs_whole() -> None:
    """Up to its own limit; a graph beyond it is cut as for a picture, and `max_nodes` goes before both."""
    for length, whole, max_nodes, shown in (
        (600, 700, None, 600),
        (701, 700, None, MOST),
        (600, 700, 5, 5),
        (600, MOST, None, MOST),
    ):
        sketch = Sketch([chain(length)], Options(max_nodes=max_nodes), whole=whole)
        assert sum(place is not None for place in sketch.places) == shown
        assert bool(sketch.note) == (shown < length)
