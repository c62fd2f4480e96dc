"""From a raw table to a trained, evaluated model and its predictions."""

import os

# Threads that wait must not burn the cores that other processes need (scikit-learn's OpenMP).
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
