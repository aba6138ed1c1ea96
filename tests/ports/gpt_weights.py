"""The numbers of a small GPT, the same for whoever computes with it: from a generator that is stated here."""

CONFIG = {"vocabulary": 11, "width": 8, "heads": 2, "layers": 2, "context": 6}
TOKENS = [10, 3, 7, 0, 3, 10]


def weights() -> dict[str, list[list[float]]]:
    """Each matrix by its name, a row for each output; uniform in +-0.4, by a linear congruential generator."""
    width, state = CONFIG["width"], 12345

    def matrix(rows: int, columns: int) -> list[list[float]]:
        nonlocal state
        found = []
        for _ in range(rows):
            row = []
            for _ in range(columns):
                state = (1103515245 * state + 12345) % 2**31
                row.append(0.8 * state / 2**31 - 0.4)
            found.append(row)
        return found

    found = {"tokens": matrix(CONFIG["vocabulary"], width), "positions": matrix(CONFIG["context"], width)}
    for i in range(CONFIG["layers"]):
        found |= {f"{i}.{name}": matrix(width, width) for name in ("q", "k", "v", "out")}
        found |= {f"{i}.up": matrix(4 * width, width), f"{i}.down": matrix(width, 4 * width)}
    return found | {"head": matrix(CONFIG["vocabulary"], width)}
