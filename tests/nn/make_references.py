"""PyTorch's numbers for the same work: `python -m tests.nn.make_references` records them in references.json, beside this file.

Made with torch 2.13.0 on a CPU in double precision. The cases are stated here, once, and read by the tests. Without PyTorch the
tests compare with what was recorded; where it is installed, they also make the numbers anew.
"""

import json
import math
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("references.json")

# --- optimizers -------------------------------------------------------------------------------------------------------

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.05},
    "SGD by default": {},
    "SGD with momentum": {"lr": 0.02, "momentum": 0.9},
    "SGD with dampening": {"lr": 0.05, "momentum": 0.8, "dampening": 0.3},
    "SGD with Nesterov's momentum": {"lr": 0.02, "momentum": 0.9, "nesterov": True},
    "SGD with weight decay": {"lr": 0.05, "weight_decay": 0.1},
    "SGD with all": {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.05},
    "Adam": {"lr": 0.1},
    "Adam by default": {},
    "Adam with betas": {"lr": 0.05, "betas": [0.7, 0.9], "eps": 1e-3},
    "Adam with betas of 0": {"lr": 0.05, "betas": [0.0, 0.0]},
    "Adam with weight decay": {"lr": 0.05, "weight_decay": 0.2},
    "AdamW": {"lr": 0.1},
    "AdamW by default": {},
    "AdamW with weight decay": {"lr": 0.05, "weight_decay": 0.5, "betas": [0.8, 0.99]},
    "RMSprop": {"lr": 0.05},
    "RMSprop by default": {},
    "RMSprop with alpha and eps": {"lr": 0.05, "alpha": 0.8, "eps": 0.1},
    "RMSprop with weight decay": {"lr": 0.02, "weight_decay": 0.3},
    "RMSprop with momentum": {"lr": 0.01, "momentum": 0.7},
    "RMSprop centered": {"lr": 0.02, "centered": True},
    "RMSprop with all": {"lr": 0.01, "centered": True, "momentum": 0.6, "weight_decay": 0.1, "alpha": 0.9, "eps": 1e-4},
    "Adagrad": {"lr": 0.2},
    "Adagrad by default": {},
    "Adagrad with lr decay": {"lr": 0.3, "lr_decay": 0.05},
    "Adagrad with all": {"lr": 0.2, "lr_decay": 0.01, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3},
}
"""Options by a name that begins with the class's."""

GROUPS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "SGD": ([{"lr": 0.01, "momentum": 0.5}, {}], {"lr": 0.04, "momentum": 0.9, "nesterov": True}),
    "Adam": ([{"lr": 0.1}, {"betas": [0.5, 0.9], "weight_decay": 0.1}], {"lr": 0.02}),
    "AdamW": ([{}, {"weight_decay": 0.0}, {"lr": 0.0}], {"lr": 0.05, "weight_decay": 0.3}),
    "RMSprop": ([{"centered": True}, {"momentum": 0.5}], {"lr": 0.02}),
    "Adagrad": ([{"lr_decay": 0.1}, {"lr": 0.5}], {"lr": 0.1}),
}
"""Options of groups, and those of all; the parameters are dealt out to the groups in turn."""

START = [1.0, -2.0, 3.0, 0.5]
STEPS = 50
KEPT = [1, 2, 3, 5, 10, 20, 30, 40, 50]
"""The steps after which the parameters are recorded."""


def gradients(step: int, numbers: list[float]) -> list[float | None]:
    """Of a bowl of unequal axes under a passing wave; the last parameter has none but at every third step."""
    waves = [
        curvature * (x - 0.25) + math.sin(1.7 * step + x) for curvature, x in zip((1.0, 5.0, 0.1, 2.0), numbers, strict=True)
    ]
    return [*waves[:3], waves[3] if step % 3 == 0 else None]


def dealt(parameters: list[Any], name: str) -> list[dict[str, Any]]:
    """The groups of a case, with parameters of their own."""
    groups, _ = GROUPS[name]
    return [{"params": parameters[i :: len(groups)], **options} for i, options in enumerate(groups)]


WEIGHTED = [([0.5, 1.2], 1.0), ([-1.0, 0.3], 0.0), ([0.2, -0.7], 1.0), ([-0.4, -0.9], 0.0), ([1.5, 0.1], 0.0)]
"""Points with their classes, for a logistic regression that LBFGS solves."""


def regression(weights: list[Any], log: Any, exp: Any) -> Any:
    """The loss of a logistic regression on these points, its weights held small, so that it has one minimum."""
    loss = sum(w * w for w in weights) * 0.01
    for (x, y), target in WEIGHTED:
        z = weights[0] * x + weights[1] * y + weights[2]
        loss = loss + log(1.0 + exp(z)) - target * z
    return loss


# --- schedules --------------------------------------------------------------------------------------------------------

SCHEDULES: dict[str, dict[str, Any]] = {
    "StepLR": {"step_size": 7},
    "StepLR with gamma": {"step_size": 3, "gamma": 0.5},
    "CosineAnnealingLR": {"T_max": 12},
    "CosineAnnealingLR with eta_min": {"T_max": 10, "eta_min": 0.05},
    "LambdaLR": {"lr_lambda": "0.95**epoch"},
}
"""Options by a name that begins with the class's; a function as its text."""

BASE_LR = 0.4
EPOCHS = 25

GROUP_LRS = [0.4, 0.1, 0.0]
GROUP_SCHEDULES: dict[str, dict[str, Any]] = {
    "StepLR of groups": {"step_size": 4, "gamma": 0.5},
    "CosineAnnealingLR of groups": {"T_max": 12, "eta_min": 0.05},
    "LambdaLR of groups": {"lr_lambda": "0.95**epoch"},
    "LambdaLR of several functions": {"lr_lambda": ["0.95**epoch", "1.0 / (1 + epoch)", "1.0"]},
}
"""Schedules of an optimizer with groups of these rates."""


def options_of(schedule: str) -> dict[str, Any]:
    """The options, with functions in place of their texts."""

    def option(value: Any) -> Any:
        if isinstance(value, list):
            return [option(part) for part in value]
        return eval(f"lambda epoch: {value}") if isinstance(value, str) else value

    return {name: option(value) for name, value in (SCHEDULES | GROUP_SCHEDULES)[schedule].items()}


# --- losses -----------------------------------------------------------------------------------------------------------

REDUCTIONS = ["mean", "sum", "none"]
REALS = [[-1.5, 0.3], [2.0, 40.0], [0.0, -7.25]]
LOGITS = [[0.5, -1.25, 3.0], [30.0, -2.0, 1.0], [-0.5, 0.0, 0.25], [1000.0, 0.0, -1000.0]]
LOSSES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "mse_loss": (REALS, [[1.0, 0.25], [2.0, -3.0], [0.5, 1.0]], {}),
    "l1_loss": (REALS, [[1.0, 0.25], [2.0, -3.0], [0.5, 1.0]], {}),
    "huber_loss": (REALS, [[1.0, 0.25], [2.0, -3.0], [0.5, -8.25]], {}),
    "huber_loss with delta": (REALS, [[1.0, 0.25], [2.0, -3.0], [0.5, 1.0]], {"delta": 2.5}),
    "binary_cross_entropy": ([0.1, 0.9, 0.5, 0.25, 0.999], [0.0, 1.0, 0.3, 1.0, 0.0], {}),
    "binary_cross_entropy_with_logits": ([-30.0, -1.0, 0.0, 2.5, 8.0, 40.0], [1.0, 0.0, 0.3, 1.0, 0.0, 0.9], {}),
    "cross_entropy": (LOGITS, [2, 1, 0, 0], {}),
    "nll_loss": ([[-0.5, -1.0, -3.0], [-2.0, -0.25, -7.5]], [2, 1], {}),
    "hinge_loss": ([0.5, 2.0, -0.5, 1.0, -3.0], [1.0, 1.0, 1.0, 1.0, -1.0], {}),
}
"""Predictions, targets and options, by a name that begins with the function's."""

# --- what PyTorch makes of them ---------------------------------------------------------------------------------------


def class_of(name: str) -> str:
    """The class or function that a case is of."""
    return name.split(" ", 1)[0]


def optimizer_steps(name: str, *, grouped: bool = False) -> list[list[float]]:
    """The parameters after each of the recorded steps."""
    import torch

    parameters = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    given = dealt(parameters, name) if grouped else parameters
    optimizer = getattr(torch.optim, class_of(name))(given, **(GROUPS[name][1] if grouped else OPTIMIZERS[name]))
    found = []
    for step in range(1, STEPS + 1):
        for parameter, gradient in zip(parameters, gradients(step, [p.item() for p in parameters]), strict=True):
            parameter.grad = None if gradient is None else torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        if step in KEPT:
            found.append([parameter.item() for parameter in parameters])
    return found


def schedule_rates(name: str) -> list[float]:
    """The learning rate before the first epoch and after each."""
    import torch

    optimizer = torch.optim.SGD([torch.tensor(1.0, requires_grad=True)], lr=BASE_LR)
    schedule = getattr(torch.optim.lr_scheduler, class_of(name))(optimizer, **options_of(name))
    found = list(schedule.get_last_lr())
    for _ in range(EPOCHS):
        optimizer.step()
        schedule.step()
        found += schedule.get_last_lr()
    return [float(rate) for rate in found]


def group_rates(name: str) -> list[list[float]]:
    """The learning rates of the groups before the first epoch and after each."""
    import torch

    optimizer = torch.optim.SGD([{"params": [torch.tensor(1.0, requires_grad=True)], "lr": lr} for lr in GROUP_LRS])
    schedule = getattr(torch.optim.lr_scheduler, class_of(name))(optimizer, **options_of(name))
    found = [[float(rate) for rate in schedule.get_last_lr()]]
    for _ in range(EPOCHS):
        optimizer.step()
        schedule.step()
        found.append([float(rate) for rate in schedule.get_last_lr()])
    return found


def regressed() -> tuple[float, list[float]]:
    """The loss before PyTorch's LBFGS solves the regression, and the weights after."""
    import torch

    weights = [torch.tensor(0.0, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    optimizer = torch.optim.LBFGS(
        weights, max_iter=500, line_search_fn="strong_wolfe", tolerance_grad=1e-12, tolerance_change=0.0
    )

    def closure() -> Any:
        optimizer.zero_grad()
        loss = regression(weights, torch.log, torch.exp)
        loss.backward()
        return loss

    return optimizer.step(closure).item(), [weight.item() for weight in weights]


def loss_and_gradient(name: str, reduction: str) -> tuple[Any, Any]:
    """The loss, and the gradient of it (of its sum, where it is not reduced) to every prediction."""
    import torch

    predictions, targets, options = LOSSES[name]
    z = torch.tensor(predictions, dtype=torch.float64, requires_grad=True)
    classes = class_of(name) in ("cross_entropy", "nll_loss")
    t = torch.tensor(targets, dtype=torch.int64 if classes else torch.float64)
    if name == "hinge_loss":  # PyTorch has another one by that name
        terms = torch.relu(1.0 - t * z)
        loss = {"mean": terms.mean(), "sum": terms.sum(), "none": terms}[reduction]
    else:
        loss = getattr(torch.nn.functional, class_of(name))(z, t, reduction=reduction, **options)
    loss.sum().backward()
    return loss.tolist(), z.grad.tolist()


def clipped(norm_type: float, max_norm: float) -> tuple[float, list[float]]:
    """The norm of these gradients, and what clipping leaves of them."""
    import torch

    parameters = [torch.tensor(0.0, dtype=torch.float64, requires_grad=True) for _ in CLIPPED]
    for parameter, gradient in zip(parameters, CLIPPED, strict=True):
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
    norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type=norm_type)
    return norm.item(), [parameter.grad.item() for parameter in parameters if parameter.grad is not None]


CLIPPED = [3.0, -4.0, 0.5, 0.0, 12.0]
NORMS = [(2.0, 1.0), (2.0, 100.0), (1.0, 2.0), (3.5, 0.25), (0.5, 3.0), (math.inf, 6.0)]


def made() -> dict[str, Any]:
    """All of it, by kind and case."""
    return {
        "optimizers": {name: optimizer_steps(name) for name in OPTIMIZERS},
        "groups": {name: optimizer_steps(name, grouped=True) for name in GROUPS},
        "regression": {"LBFGS": regressed()},
        "group schedules": {name: group_rates(name) for name in GROUP_SCHEDULES},
        "schedules": {name: schedule_rates(name) for name in SCHEDULES},
        "losses": {f"{name}, {reduction}": loss_and_gradient(name, reduction) for name in LOSSES for reduction in REDUCTIONS},
        "norms": {f"{norm_type}, {max_norm}": clipped(norm_type, max_norm) for norm_type, max_norm in NORMS},
    }


def recorded() -> dict[str, Any]:
    """What `main` has written."""
    found: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Write the numbers, a line for each case."""
    kinds = []
    for kind, cases in made().items():
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in cases.items())
        kinds.append(f"{json.dumps(kind)}: {{\n{lines}\n}}")
    RECORDED.write_text("{\n" + ",\n".join(kinds) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
