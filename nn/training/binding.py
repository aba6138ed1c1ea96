"""A training's numbers in flat arrays: which Value lies where, what an optimizer's groups do there, and the way back."""

from collections.abc import Iterable, Sequence
from itertools import chain, count, islice, repeat
from operator import attrgetter, is_
from typing import Any

import numpy as np

from autograd import Value
from autograd.compiler.descent import Clip, Descent, Rule
from autograd.compiler.emit.descent import GRADIENT, STEP
from autograd.compiler.node import Compiled, known
from autograd.compiler.options import Options
from autograd.compiler.trace.tracer import trace
from autograd.compiler.traces import Traced
from autograd.past import Still
from autograd.program import Program
from autograd.value import assign, setting_grads
from nn.optim.clipping import clip_scale, clipped, joined, share
from nn.optim.late import ARRIVING, arriving, waiting
from nn.optim.late import States as Kept
from nn.optim.optimizers import Optimizer
from nn.optim.tracing import ABSENT, Update, all_taken_apart, first_state, key_of, put_together, update_of
from nn.training.draws import Draws
from nn.training.eager import tell
from nn.training.job import Job

_data = attrgetter("_data")

ROWS_APART = 64  # of a batch are summed apart, so that threads can share a batch


class States:
    """The states of the parameters of one group, taken apart: numbers alike for all, and columns of the others."""

    def __init__(self, group: Optimizer, states: Sequence[Any], update: Update | None) -> None:
        self.shape, columns = all_taken_apart(states, type(group).__name__)
        alike = [column.count(column[0]) == len(column) for column in columns]
        fits = update is not None and update.fits(group, self.shape, alike)
        self.update = update if update is not None and fits else update_of(group, self.shape, alike)
        self.shared = [float(columns[i][0]) for i in self.update.alike]
        self.columns = [columns[i] for i in self.update.own]


class Binding:
    """A training's numbers in flat arrays, in the order draws, fixed, trained.

    Arrays and Values are brought to the same numbers by `prepare`, after code that may have changed the Values, and by
    `deliver`, after batches that changed the arrays.
    """

    def __init__(self, job: Job, traced: Traced, captured: Sequence[Value], draws: Draws, old: "Binding | None" = None) -> None:
        self.job, self.traced, self.captured = job, traced, tuple(captured)
        place = dict(zip(map(id, captured), count()))
        found = [[*map(place.get, map(id, group.parameters))] for group in job.optimizer.groups]
        there = [[i for i in places if i is not None] for places in found]
        if job.clip_norm is None:  # else their squares are added in their own order
            there = list(map(sorted, there))  # arrays as the trace has them
        self.groups = [[*map(captured.__getitem__, places)] for places in there]
        self._of_groups = [list(group.parameters) for group in job.optimizer.groups]
        self.trained = [*chain.from_iterable(self.groups)]
        pairs = zip(chain.from_iterable(self._of_groups), chain.from_iterable(found), strict=True)
        self._untouched = [parameter for parameter, i in pairs if i is None]
        self.drawn = [i for i, value in enumerate(draws.values) if id(value) in place]  # which of the draws matter
        drawn = [place[id(draws.values[i])] for i in self.drawn]
        known = {*chain.from_iterable(there), *drawn}
        fixed = [i for i in range(len(captured)) if i not in known]
        self.fixed = [captured[i] for i in fixed]
        self.draws = draws
        computed = next((value for value in self.fixed if value.operands), None)
        if computed is not None:
            raise ValueError(
                f"the model or its loss takes a Value computed outside of them, {computed!r}: compute it in forward"
            )
        self._order = [*drawn, *fixed, *chain.from_iterable(there)]
        same = old is not None and (old.traced.compiled, old._order, len(old.fixed)) == (
            traced.compiled, self._order, len(self.fixed),
        )  # fmt: skip
        self._gradient: Compiled = old._gradient if old is not None and same else self._compiled()
        self._states: list[States] = []
        self._delivered: list[Any] = []  # states, as the optimizer has them from here
        self._first: tuple[Any, list[Any]] = None, []  # of each group, in the place of states that it does not have yet
        self._late: LateOf | None = None  # what gives later ones when they are asked for
        self._still: Still | None = None  # whether the Values' numbers are those of the arrays
        self._moved = self._stepped = False
        self._descent: Descent | None = None
        self.steps = False  # whether the arrays have all that a step needs
        self._refused: list[Any] = []  # the groups whose updates cannot be compiled

    def _compiled(self) -> Compiled:
        """The program of the loss and its partials to fixed and trained numbers, over gathered rows."""
        whole, options = self.traced.compiled.program, self.traced.compiled.options
        data = whole.inputs - len(self.captured)
        numbers = len(self.fixed) + len(self.trained)
        of_data = (options.varying or ())[:data]
        of_draws = 1 + max(array for array in of_data if array is not None)
        varying = (*of_data, *[of_draws] * len(self.drawn), *[None] * numbers)
        program = whole.part([*range(data), *[data + i for i in self._order]], [0])
        options = Options(
            varying,
            options.reduce,
            gathered=True,
            block=ROWS_APART,
            threads=self.job.threads,
            rolled=options.rolled,
            weight=options.weight,
        )
        return known(program, options, "fit").derived

    @property
    def descent(self) -> Descent:
        """The arrays, with the code that works there."""
        if self._descent is None:
            raise RuntimeError("a binding is prepared before it is used")
        return self._descent

    def fits(self, captured: Sequence[Value]) -> bool:
        """Whether these are still the Values that the trace took from outside, and the optimizer's groups those of then."""
        groups = [group.parameters for group in self.job.optimizer.groups]
        pairs = zip([self.captured, *self._of_groups], [captured, *groups], strict=False)
        return len(groups) == len(self._of_groups) and all(
            a is b or (len(a) == len(b) and all(map(is_, a, b))) for a, b in pairs
        )

    # --- from Values to arrays ----------------------------------------------------------------------------------------

    def prepare(self, arrays: Sequence[Any]) -> None:
        """Take over what the Values and the optimizer are now; the arrays have the data, and the draws."""
        optimizer = self.job.optimizer
        as_left = self._late is not None and waiting(optimizer._states) is self._late  # nobody has looked
        standard = type(optimizer).step is Optimizer.step and not optimizer.evaluates
        states = [] if as_left else self._present(known=standard)
        delivered = self._delivered if self._late is None else self._late.states
        groups = [pair for pair in zip(optimizer.groups, self.groups, strict=True) if pair[1]]
        self.steps = standard and all(state is not ABSENT for state in states)
        same_rules = len(self._states) == len(groups) and all(s.update.holds(g) for s, (g, _) in zip(self._states, groups))  # noqa: B905
        same = as_left or (len(states) == len(delivered) and all(map(is_, states, delivered)))
        same_states = same_rules and same
        before = self._descent
        if self.steps and not same_states:
            self._take_apart(groups, states or self._present(known=True), arrays, same_rules=same_rules)
        if self._descent is None:
            self._descent = self._made(arrays)
        descent = self._descent
        descent.fixed_totals[:] = [value.grad for value in self.fixed]
        if descent is not before or self._moved or self._still is None or self._still.moved:
            self._still = Still()
            descent.set_fixed(list(map(_data, self.fixed)))
            descent.numbers[:] = list(map(_data, self.trained))
        for i, (group, _) in enumerate(groups if self.steps else ()):
            descent.shared(i)[0] = group.lr
            if not same_states:
                descent.shared(i)[1:] = self._states[i].shared
                if self._states[i].columns:
                    descent.columns(i)[:] = self._states[i].columns
        if not as_left:
            self._delivered, self._late = states, None
        self._moved = self._stepped = False

    def _present(self, *, known: bool) -> list[Any]:
        """The state of each trained parameter; without one that by which its first step is as others, if that is `known`."""
        kept, groups = self.job.optimizer._states, self.job.optimizer.groups
        found = [[kept.get(parameter, ABSENT) for parameter in group] for group in self.groups]
        if not known or all(state is not ABSENT for states in found for state in states):
            return [*chain.from_iterable(found)]
        keys = [key_of(group) for group in groups]
        if keys != self._first[0]:
            apart = any(hasattr(parameter, "whole") for parameter in self._untouched)  # which a first step moves too
            self._first = keys, [ABSENT if apart else first_state(group) for group in groups]
        pairs = zip(found, self._first[1], strict=True)
        return [first if state is ABSENT else state for states, first in pairs for state in states]

    def _take_apart(
        self,
        groups: Sequence[tuple[Optimizer, list[Value]]],
        states: Sequence[Any],
        arrays: Sequence[Any],
        *,
        same_rules: bool,
    ) -> None:
        """Take the groups' states apart, by the same updates as before if they hold, and make the code of a step.

        An update that no trace sees through is left to Python.
        """
        before = [states.update for states in self._states] if same_rules else [None] * len(groups)
        keys = [key_of(group) for group, _ in groups]
        self.steps = keys != self._refused
        if not self.steps:
            return
        try:
            rest = iter(states)
            each = [(group, [*islice(rest, len(parameters))]) for group, parameters in groups]
            self._states = [States(*pair, update) for pair, update in zip(each, before, strict=True)]
            if [states.update for states in self._states] != before:
                self._descent = self._made(arrays)
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises on Symbols
            tell(error, "the optimizer's steps ")
            self._refused, self._states, self.steps = keys, [], False

    def _made(self, arrays: Sequence[Any]) -> Descent:
        """New arrays and code, for steps if there are to be any."""
        rules, clips = (self._rules(), _clips(self.job)) if self.steps else ((), ())
        return Descent(self._gradient, arrays, len(self.fixed), len(self.trained), rules, clips)

    def _rules(self) -> list[Rule]:
        rules, start = [], 0
        for states, parameters in zip(self._states, filter(None, self.groups), strict=True):
            rules.append(Rule(start, start + len(parameters), states.update.each, states.update.shared))
            start += len(parameters)
        return rules

    def take_gradients(self) -> bool:
        """Take over the gradients of the Values; False if one has none, and so makes no step."""
        if not all(parameter.has_grad for parameter in self.trained):
            return False
        self.descent.gradients[:] = [parameter.grad for parameter in self.trained]
        return True

    # --- and back -----------------------------------------------------------------------------------------------------

    def run(self, rows: Any, begins: Any, losses: Any, doing: int = GRADIENT | STEP, rates: Any = None) -> int:
        """Go through batches as `Descent.run`."""
        self._moved = True
        before = self.descent.done
        try:
            return self.descent.run(rows, begins, losses, doing, rates)
        finally:
            self._stepped |= bool(doing & STEP) and self.descent.done > before

    def rates(self, epochs: int, steps: int) -> Any:
        """The learning rates that the schedule has for each step of this and the next epochs; None without one."""
        schedule = self.job.schedule
        if schedule is None:
            return None
        now = [[group.lr for group in self.job.optimizer.groups]]
        found = np.array(now + [schedule.rates_at(schedule.last_epoch + i) for i in range(1, epochs)])
        return np.ascontiguousarray(np.repeat(found[:, [bool(group) for group in self.groups]], steps, axis=0))

    def deliver(self) -> None:
        """Set the Values' numbers and gradients, and the optimizer's states, to those of the arrays, all at once.

        A memoryview makes each float when it is set: it takes the place of the one before it, which is at hand.
        """
        if not self._moved:
            return
        descent, optimizer = self.descent, self.job.optimizer
        also = [
            setting_grads(self.trained, memoryview(descent.gradients)),
            setting_grads(self.fixed, memoryview(descent.fixed_totals)),
        ]
        if self._stepped:
            also.append(self._delivering_states(optimizer._states))
        for parameter in self._untouched:
            parameter.grad = None
        with ARRIVING:
            assign(self.trained, memoryview(descent.numbers), also=chain(*also))
        self._still = Still()
        self._moved = self._stepped = False

    def _delivering_states(self, states: dict[Value, Any]) -> Iterable[Any]:
        """A step that brings the optimizer's states to those of the arrays: now, or when they are asked for."""
        descent = self.descent
        counts = map(len, filter(None, self.groups))
        late = LateOf(self.trained, [
            (kept, count, descent.shared(i)[1:].tolist(), descent.columns(i).copy())
            for i, (kept, count) in enumerate(zip(self._states, counts, strict=True))
        ])  # fmt: skip
        before, self._late = self._late, late
        if not isinstance(states, Kept):  # a dict that an optimizer of one's own put there
            return map(states.__setitem__, *zip(*late(), strict=True))
        if waiting(states) not in (None, before):
            len(states)  # those of other parameters arrive first
        return arriving(states, late)


class LateOf:
    """The states of parameters as they were in the arrays at some time."""

    def __init__(self, trained: list[Value], groups: Sequence[tuple[States, int, list[float], Any]]) -> None:
        self._trained = trained
        self._groups = [(s.shape, s.update.alike, s.update.own, *numbers) for s, *numbers in groups]
        self.states: list[Any] = []  # when they have been asked for

    def __call__(self) -> Iterable[tuple[Value, Any]]:
        """Each parameter with its state."""
        self.states = [state for group in self._groups for state in _states_of(*group)]
        return zip(self._trained, self.states, strict=True)


def _states_of(shape: Any, alike: Any, own: Any, count: int, shared: list[float], kept: Any) -> list[Any]:
    """The states of a group's parameters, of the numbers that they share, and of those that each has."""
    columns: list[Any] = [None] * (len(alike) + len(own))
    for i, number in zip(alike, shared, strict=True):
        columns[i] = repeat(number, count)
    for i, column in zip(own, kept, strict=True):
        columns[i] = column.tolist()
    if shape.kind is tuple and all(not part.parts and part.kind in (int, float) for part in shape.parts):
        typed = [map(int, column) if part.kind is int else column for part, column in zip(shape.parts, columns, strict=True)]
        return list(zip(*typed, strict=True))  # the usual ones, at the speed of C
    rows = zip(*columns, strict=True) if columns else repeat((), count)
    return [put_together(shape, iter(row)) for row in rows]


def _clips(job: Job) -> list[Clip]:
    """The clipping that a training asks for, from the rules that the eager functions follow."""
    found = []
    if job.clip_norm is not None:
        bound = job.clip_norm
        found.append(
            _clip(lambda factor, gradient: factor * gradient, lambda total, largest: clip_scale(joined(largest, total), bound))
        )
    if job.clip_value is not None:
        limit = job.clip_value
        found.append(_clip(lambda _, gradient: clipped(gradient, limit), lambda _total, _largest: 1.0))
    return found


def _clip(changed: Any, factor: Any) -> Clip:
    def program_of(rule: Any) -> Program:
        return trace(lambda pair: ([rule(*pair)], None), ["", ""])[0]

    return Clip(program_of(lambda largest, gradient: share(gradient, largest)), program_of(factor), program_of(changed))
