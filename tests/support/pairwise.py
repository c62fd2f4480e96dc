"""Sets of answers in which every two answers to different questions meet."""

import itertools
import random

Answers = dict[str, object]
TRIED = 1_000  # sets of answers from which the few are chosen that have every pair


def pairwise(options: dict[str, list]) -> list[Answers]:
    """Choose sets of answers in which every two answers to different questions meet."""

    def pairs(answers: Answers) -> set:
        return set(itertools.combinations(answers.items(), 2))

    every = list(itertools.product(*options.values()))
    rows = random.Random(0).sample(every, TRIED)
    rest = [dict(zip(options, row, strict=True)) for row in rows]
    items = [[(name, answer) for answer in answers] for name, answers in options.items()]
    two = itertools.combinations(items, 2)
    missing = {pair for one, other in two for pair in itertools.product(one, other)}
    chosen = []
    while missing:
        best = max(rest, key=lambda answers: len(pairs(answers) & missing))
        assert pairs(best) & missing
        chosen.append(best)
        missing -= pairs(best)
    return chosen
