"""Figures and the report."""

import os

from ..config import ROOT

# Before skrub and matplotlib are imported, which write to a home that may be read-only.
os.environ.setdefault("SKB_DATA_DIRECTORY", str(ROOT / ".cache" / "skrub"))
if not os.access(os.path.expanduser("~"), os.W_OK):  # noqa: PTH111 (there may be no home)
    os.environ.setdefault("MPLCONFIGDIR", str(ROOT / ".cache" / "matplotlib"))
