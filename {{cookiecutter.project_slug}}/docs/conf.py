"""Sphinx settings; what the project is called is read from pyproject.toml."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
PACKAGES = [path.parent.name for path in (ROOT / "src").glob("*/__init__.py")]

project = SETTINGS["tool"]["tabwright"].get("title", PROJECT["name"])
version = release = PROJECT["version"]
author = ", ".join(person["name"] for person in PROJECT.get("authors", []) if "name" in person)
html_title = f"{project} {version}"
html_theme = "furo"

extensions = ["myst_parser", "sphinx.ext.apidoc", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
# The README links to files of the repository, which are no pages here.
suppress_warnings = ["myst.xref_missing"]

# The code reference is written from the docstrings at each build.
apidoc_modules = [
    {
        "path": f"../src/{package}",
        "destination": "api",
        "separate_modules": True,
        "module_first": True,
    }
    for package in PACKAGES
]
autodoc_typehints = "description"
# scikit-learn adds these to every estimator, with links into its own pages.
REQUESTS = ("fit", "partial_fit", "predict", "predict_proba", "score", "transform")
autodoc_default_options = {"exclude-members": ",".join(f"set_{name}_request" for name in REQUESTS)}
napoleon_google_docstring = False
napoleon_use_ivar = True  # autodoc describes the fields of a dataclass, once is enough

exclude_patterns = ["_build"]
# What the pipeline writes; before that there is nothing to show.
MADE = {"data.md": "references/data_dictionary.md", "model.md": "reports/model_card.md"}
exclude_patterns += [page for page, made in MADE.items() if not (ROOT / made).exists()]
