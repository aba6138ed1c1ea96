"""The American put and its Greeks, by the chain rule through a binomial tree: `python -m demos.options`.

A put is the right to sell a share at the strike; an American one may be exercised on any day, not only on the last. It has
no closed formula. On a binomial tree (Cox, Ross & Rubinstein, 1979, doi:10.1016/0304-405X(79)90015-1) the share moves by the
factor u or 1/u in each step, and the put is worth what is more: exercised now, or kept, which is the discounted mean of its
values after the two moves. From the last step backwards, that gives its price today.

On the last step the Black-Scholes formula replaces the payoff (Broadie & Detemple, 1996, doi:10.1093/rfs/9.4.1211): the payoff
has a kink at the strike, and a tree of kinks is piecewise linear in the spot, so that its Greeks jump about.

The Greeks are the price's derivatives: delta to the spot, rho to the rate, vega to the volatility, minus theta to the time
left, and one to the strike. Gamma, the second derivative to the spot, comes two ways. Of the European put it is the derivative
of the derivative. The American put is a tree of maxima, whose slope bends at each; the second derivative of its smooth pieces
leaves out what happens between them. So its gamma is the difference of two exact deltas.
"""

import math
import timeit
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from autograd import erfc, exp, grad, jit, log, maximum, sqrt, value_and_grad
from demos._common import folder, need, parser

GREEKS = ("delta", "strike", "rho", "vega", "-theta")  # the derivatives to the arguments of `put`, in their order
ALL = (0, 1, 2, 3, 4)

# F. A. Longstaff & E. S. Schwartz, Valuing American options by simulation (2001), doi:10.1093/rfs/14.1.113, table 1: prices by
# finite differences of puts that may be exercised 50 times a year, strike 40, rate 6 %. (spot, volatility, years): price
PUBLISHED = {
    (36, 0.2, 1): 4.478, (36, 0.2, 2): 4.840, (36, 0.4, 1): 7.101, (36, 0.4, 2): 8.508,
    (38, 0.2, 1): 3.250, (38, 0.2, 2): 3.745, (38, 0.4, 1): 6.148, (38, 0.4, 2): 7.670,
    (40, 0.2, 1): 2.314, (40, 0.2, 2): 2.885, (40, 0.4, 1): 5.312, (40, 0.4, 2): 6.920,
    (42, 0.2, 1): 1.617, (42, 0.2, 2): 2.212, (42, 0.4, 1): 4.582, (42, 0.4, 2): 6.248,
    (44, 0.2, 1): 1.110, (44, 0.2, 2): 1.690, (44, 0.4, 1): 3.948, (44, 0.4, 2): 5.647,
}  # fmt: skip
STRIKE, RATE = 40.0, 0.06


def normal(x: Any) -> Any:
    """The distribution function of the standard normal distribution."""
    return 0.5 * erfc(-x / math.sqrt(2.0))


def black_scholes(spot: Any, strike: Any, rate: Any, volatility: Any, years: Any) -> Any:
    """The price of the European put (Black & Scholes, 1973, doi:10.1086/260062)."""
    spread = volatility * sqrt(years)
    d1 = (log(spot / strike) + rate * years) / spread + 0.5 * spread
    return strike * exp(-rate * years) * normal(spread - d1) - spot * normal(-d1)


def put(spot: Any, strike: Any, rate: Any, volatility: Any, years: Any, *, steps: int = 50, exercise_every: int = 1) -> Any:
    """The price of a put, which may be exercised at every `exercise_every`-th step from today on; 0: never, a European put."""
    time = years / steps
    up = exp(volatility * sqrt(time))
    discount = exp(-rate * time)
    chance = (1.0 / discount - 1.0 / up) / (up - 1.0 / up)  # with which the share earns the rate
    if_up, if_down = discount * chance, discount * (1.0 - chance)
    spots = {0: spot}  # by the moves up minus the moves down
    for moves in range(1, steps):
        spots[moves] = spots[moves - 1] * up
        spots[-moves] = spots[1 - moves] / up
    exercised = {moves: strike - at for moves, at in spots.items()}

    values: list[Any] = []
    for step in reversed(range(steps)):
        nodes = range(-step, step + 1, 2)
        if step == steps - 1:
            values = [black_scholes(spots[moves], strike, rate, volatility, time) for moves in nodes]
        else:
            values = [if_up * higher + if_down * lower for lower, higher in pairwise(values)]
        if exercise_every and step % exercise_every == 0:
            values = [maximum(kept, exercised[moves]) for kept, moves in zip(values, nodes, strict=True)]
    return values[0]


class Contract(NamedTuple):
    """The arguments of `put`: prices in one currency, the rate and the volatility a year."""

    spot: float
    strike: float
    rate: float
    volatility: float
    years: float


def closed_form(contract: Contract) -> tuple[float, tuple[float, ...], float]:
    """Price, Greeks and gamma of the European put by the textbooks' formulas, without a derivative."""
    spot, strike, rate, volatility, years = contract
    root, kept = math.sqrt(years), strike * math.exp(-rate * years)
    d1 = math.log(spot / kept) / (volatility * root) + 0.5 * volatility * root
    n1, n2 = normal(-d1), normal(volatility * root - d1)
    density = math.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
    greeks = (
        -n1,
        kept / strike * n2,
        -years * kept * n2,
        spot * density * root,
        0.5 * spot * density * volatility / root - rate * kept * n2,
    )
    return kept * n2 - spot * n1, greeks, density / (spot * volatility * root)


class Priced(NamedTuple):
    """A price, and its derivatives to the five arguments; as numbers, or as arrays with an element for each contract."""

    price: Any
    greeks: tuple[Any, ...]


class Pricer:
    """`put` and its Greeks, compiled; a call prices all its contracts at once."""

    def __init__(self, steps: int, exercise_every: int) -> None:
        def priced(spot: Any, strike: Any, rate: Any, volatility: Any, years: Any) -> Any:
            return put(spot, strike, rate, volatility, years, steps=steps, exercise_every=exercise_every)

        self.eager = value_and_grad(priced, argnums=ALL)
        self.compiled = jit(self.eager, in_axes=(0, 0, 0, 0, 0))

    def __call__(self, contracts: list[Contract]) -> Priced:
        """The prices and Greeks, as arrays."""
        import numpy as np

        return Priced(*self.compiled(*np.array(contracts).T))


def tell_speed(pricer: Pricer, contract: Contract, steps: int) -> None:
    """Print how long a price with its Greeks takes, compiled and as Values, and check that both agree."""
    first, alone, many, by_values = (
        min(timeit.repeat(call, number=1, repeat=repeat))
        for call, repeat in (
            (lambda: pricer([contract]), 1),
            (lambda: pricer([contract]), 5),
            (lambda: pricer([contract] * 100), 2),
            (lambda: pricer.eager(*contract), 1),
        )
    )
    compiled, eager = pricer([contract]), Priced(*pricer.eager(*contract))
    assert math.isclose(compiled.price[0], eager.price, rel_tol=1e-9)
    for greek, wanted in zip(compiled.greeks, eager.greeks, strict=True):
        assert math.isclose(greek[0], wanted, rel_tol=1e-6)
    print(f"a price and five Greeks on a tree of {steps} steps:")
    print(f"  eager Values        {1e3 * by_values:10.3f} ms")
    print(f"  compiled            {1e3 * alone:10.3f} ms, {by_values / alone:,.0f} times as fast")
    print(f"  one of 100          {10.0 * many:10.3f} ms, {by_values / many * 100:,.0f} times as fast")
    print(f"  traced and compiled {first:10.3f} s, once\n")


def tell_published(pricer: Pricer, steps: int) -> None:
    """Print the published prices beside the tree's, with 50 exercises a year (if it has the steps) and at any step."""
    contracts = [Contract(spot, STRIKE, RATE, volatility, years) for spot, volatility, years in PUBLISHED]
    american = pricer(contracts).price
    tolerance = 2.0 / steps  # a tree's error falls like 1 / steps
    print(f"{'spot':>6} {'volatility':>10} {'years':>5} {'published':>10} {'50 a year':>10} {'any step':>10}")
    for contract, published, at_any_step in zip(contracts, PUBLISHED.values(), american, strict=True):
        a_year = put(*contract, steps=steps, exercise_every=max(1, round(steps / (50 * contract.years))))
        print(
            f"{contract.spot:6} {contract.volatility:10} {contract.years:5} "
            f"{published:10.3f} {a_year:10.4f} {at_any_step:10.4f}"
        )
        assert abs(a_year - published) < tolerance
        assert published - tolerance < at_any_step < published + 0.01 + tolerance
    if steps > 50:
        print("to exercise at any step instead of 50 times a year is worth up to a cent\n")
    else:
        print("at so few steps to exercise at any is no more than 50 times a year: --steps 100 tells them apart\n")


def tell_greeks(american: Pricer, european: Pricer, contract: Contract, steps: int) -> None:
    """Print the Greeks of the American put, and those of the European one beside the closed form."""
    move = math.exp(contract.volatility * math.sqrt(contract.years / steps))  # of the tree: closer by, its nodes would show
    ahead, back = (contract._replace(spot=contract.spot * factor) for factor in (move, 1.0 / move))
    priced = american([contract, ahead, back])
    price, greeks = float(priced.price[0]), [float(greek[0]) for greek in priced.greeks]
    gamma = float(priced.greeks[0][1] - priced.greeks[0][2]) / (ahead.spot - back.spot)
    tree = european([contract])
    second = jit(grad(grad(lambda *arguments: put(*arguments, steps=steps, exercise_every=0))))(*contract)
    exact_price, exact_greeks, exact_gamma = closed_form(contract)

    print(f"a put at a spot of {contract.spot:g}, {contract.years:g} year, volatility {contract.volatility:g}:")
    print(f"{'':>10} {'American':>10} {'European':>10} {'formula':>10} {'error':>10}")
    rows = zip(
        ("price", *GREEKS, "gamma"),
        (price, *greeks, gamma),
        (tree.price[0], *(greek[0] for greek in tree.greeks), second),
        (exact_price, *exact_greeks, exact_gamma),
        strict=True,
    )
    for name, of_american, of_tree, exact in rows:
        print(f"{name:>10} {of_american:10.5f} {of_tree:10.5f} {exact:10.5f} {of_tree - exact:+10.5f}")
        assert math.isclose(of_tree, exact, rel_tol=1.0 / steps, abs_tol=5.0 / steps)

    delta, to_strike, _, _, to_years = greeks
    assert math.isclose(contract.spot * delta + contract.strike * to_strike, price, rel_tol=1e-9)  # Euler: it is homogeneous
    equation = (  # of Black and Scholes, which holds where the put is kept
        -to_years + 0.5 * (contract.volatility * contract.spot) ** 2 * gamma + contract.rate * (contract.spot * delta - price)
    )
    print(f"\nthe American put's Greeks fulfil the Black-Scholes equation to {abs(equation):.5f} a year\n")
    assert abs(equation) < 20.0 / steps


def plot(american: Pricer, european: Pricer, contract: Contract, path: Path) -> float:
    """Draw price and delta over the spot, and where to exercise at once; return the highest such spot."""
    import numpy as np
    from matplotlib.figure import Figure

    strike = contract.strike
    spots = np.linspace(0.65 * strike, 1.35 * strike, 113)
    contracts = [contract._replace(spot=float(spot)) for spot in spots]
    both = ((american(contracts), "American", "#0072B2", "-"), (european(contracts), "European", "#E69F00", "--"))
    at_once = spots[both[0][0].price <= strike - spots]
    figure = Figure(figsize=(7, 7), layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    above.plot(spots, np.maximum(strike - spots, 0.0), color="0.4", linewidth=1.0, label="exercised now")
    for priced, name, color, line in both:
        above.plot(spots, priced.price, line, color=color, label=name)
        below.plot(spots, priced.greeks[0], line, color=color, label=name)
    for axes in (above, below):
        axes.axvspan(spots[0], at_once[-1], color="#009E73", alpha=0.15, linewidth=0.0, label="exercise at once")
        axes.grid(alpha=0.3)
        axes.margins(x=0.0)
    above.set(
        ylabel="price",
        title=f"A put: strike {strike:g}, {contract.years:g} year, rate {contract.rate:g}, volatility {contract.volatility:g}",
        ylim=(0.0, None),
    )
    below.set(xlabel="spot", ylabel="delta = d price / d spot", ylim=(-1.05, 0.05))
    above.legend(loc="upper right")
    figure.savefig(path, dpi=120)
    return float(at_once[-1])


def main(arguments: list[str] | None = None) -> None:
    """Price, check against published prices, print the Greeks and the speed, and draw price and delta."""
    command = parser(__doc__)
    command.add_argument(
        "--steps", type=int, default=50, help="of the tree, at least 20 (default: 50); the work grows with the square"
    )
    options = command.parse_args(arguments)
    if options.steps < 20:
        command.error(f"--steps must be at least 20, not {options.steps}: a coarser tree does not tell the Greeks")
    need("numpy", "matplotlib")
    folder(options.out)

    contract = Contract(spot=36.0, strike=STRIKE, rate=RATE, volatility=0.2, years=1.0)
    american, european = Pricer(options.steps, exercise_every=1), Pricer(options.steps, exercise_every=0)
    tell_speed(american, contract, options.steps)
    tell_published(american, options.steps)
    tell_greeks(american, european, contract, options.steps)
    boundary = plot(american, european, contract, options.out / "options.png")
    print(f"it is best exercised at once up to a spot of {boundary:.2f}")
    print(f"price and delta over the spot: {options.out / 'options.png'}")


if __name__ == "__main__":
    main()
