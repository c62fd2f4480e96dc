"""How many held-out rows are used where all of them would take too long."""

CHANGED_ROWS = 5_000  # by behavioural tests
IMPORTANCE_ROWS = 1_000  # by permutation importance
SAMPLED_ROWS = 50_000  # by slices and figures; scores are of all rows
