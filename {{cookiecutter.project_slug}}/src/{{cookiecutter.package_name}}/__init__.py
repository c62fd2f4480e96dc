"""From a raw table to a trained, evaluated model and its predictions."""

import os
from pathlib import Path

# In a copy of the project, such as DVC makes for queued experiments, the code of the copy counts.
if (_here := Path("src", __name__).resolve()).is_dir():
    __path__ = [str(_here)]

from .env_file import load_env_file

load_env_file()

# Threads that wait must not burn the cores that other processes need (scikit-learn's OpenMP).
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
