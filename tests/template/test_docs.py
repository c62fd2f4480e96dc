"""The pages name only what exists: make targets, files, tests, questions, parameters, variables."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from runpy import run_path

import pytest
import yaml
from support.generator import TEMPLATE
from support.in_process import generated
from support.pages import PATH, leaves, made_later

PAGES = [TEMPLATE / "README.md", TEMPLATE / "CONTRIBUTING.md", *sorted(TEMPLATE.glob("docs/*.md"))]
CONTEXT = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
QUESTIONS = {name for name in CONTEXT if not name.startswith("_")}
REMOTES = ["../store", *(f"{scheme}://host/x" for scheme in ("s3", "gs", "azure", "ssh", "webdav"))]
SCHEDULES = ("cron", "gitlab", "github", "airflow", "kubeflow", "kubernetes")
RAW_DATA = ("example", "postgresql://host/shop#orders")
# Made by tools, so in no list of the template; and names that stand for the reader's own.
OTHERS = {
    ".dvc/config.local",
    "pipeline.yaml",
    "dvc.lock",
    ".cruft.json",
    "~/.cookiecutterrc",
    "~/.ssh",
}
EXAMPLES = {
    "sales.csv",
    "sales#1.csv",
    "shop.db",
    "sales.xlsx",
    "_report.json",
    "../my-project-remote",
    "/srv/data",
    "../new",
    "data/orders.csv",
    "environment.yml",
    "src/shop",
}
MAKE = re.compile(r"\bmake((?: +(?:-[a-zC] *\S*|[A-Z]+=(?:\"[^\"]*\"|\S+)|[a-z]+))+)")


class Product:
    """All that projects hold, over the answers that decide it."""

    def __init__(self) -> None:
        self.files = {
            path.relative_to(TEMPLATE).as_posix()
            for path in TEMPLATE.rglob("*")
            if not {".git", ".tox", ".venv"} & set(path.parts)
        }
        self.text, self.targets = "", set()
        for number, remote in enumerate(REMOTES):
            ci = "gitlab" if number % 2 else "github"
            raw = RAW_DATA[min(number, 1)]
            answers = {
                "dvc_remote": remote,
                "ci": ci,
                "schedule": SCHEDULES[number],
                "docs": bool(number),
                "raw_data": raw,
                "serving": True,
            }
            made = generated(**answers, target="sex").files()
            self.files.update(made)
            self.files.update(parent.as_posix() for name in made for parent in Path(name).parents)
            self.targets.update(re.findall(r"^([a-z]+):", made["Makefile"].decode(), re.MULTILINE))
            self.text += "".join(
                content.decode() for name, content in made.items() if "requirements" not in name
            )
        self.parameters = dict(leaves(yaml.safe_load(made["params.yaml"])))
        self.made_later = set(made_later({name: text.decode() for name, text in made.items()}))

    def has(self, path: str) -> bool:
        """Tell whether the path is in a project or in the template, now or after a run."""
        path = path.rstrip("/").replace("<package>", "*")
        known = self.files | self.made_later | OTHERS | EXAMPLES
        inside = any(path.startswith(f"{folder}/") for folder in (".venv", "docs/_build"))
        return inside or any(fnmatch(name, path) for name in known)


def code(page: Path) -> tuple[list[str], list[str]]:
    """Cut out the spans in backticks and the lines of shell blocks."""
    text = re.sub(r"<!-- filled: .*?<!-- end -->", "", page.read_text("utf-8"), flags=re.DOTALL)
    blocks = re.findall(r"^ *```bash\n(.*?)^ *```$", text, flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose), "".join(blocks).splitlines()


def wrong(span: str, product: Product) -> str | None:
    """Say what a span names that does not exist."""
    if re.fullmatch(r"[a-z]+\.[a-z_]+", span) and span.split(".")[0] in product.parameters:
        return None if span in product.parameters else "no such parameter"
    if PATH.fullmatch(span):
        return None if product.has(span) else "no such file"
    if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", span):
        used = span in product.text or span == "COOKIECUTTER_CONFIG"
        return None if used else "no such variable"
    if re.fullmatch(r"_*[a-z]+(_[a-z]+)+", span):
        known = CONTEXT.keys() | {name.split(".")[-1] for name in product.parameters}
        metric = f'("{span.removesuffix("_total")}"'  # the end that Prometheus adds to counters
        used = any(words in product.text for words in (f" {span}(", f" {span}: ", metric))
        return None if span in known or used else "no such question"
    if answer := re.fullmatch(r"([a-z_]+)=[a-z]+", span):
        return None if answer[1] in QUESTIONS else "no such question"
    return None


@pytest.fixture(scope="module")
def product() -> Product:
    """What there is to name."""
    return Product()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_names_what_exists(page: Path, product: Product) -> None:
    spans, lines = code(page)

    faults = [f"{span}: {fault}" for span in spans if (fault := wrong(span, product))]
    for piece in [*spans, *(line.split("#")[0] for line in lines)]:
        for words in MAKE.findall(piece):
            words = re.sub(r"-C +\S+|-\w+|[A-Z]+=(\"[^\"]*\"|\S+)", "", words).split()
            faults += [f"make {word}" for word in words if word not in product.targets]
        if "cookiecutter " in piece:
            answers = re.findall(r" (\w+)=", piece)
            faults += [f"{name}=" for name in answers if name not in QUESTIONS]

    assert not faults


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    "text",
    [
        "`make everything`",
        "`src/<package>/nothing.py`",
        "`references/scheme.yaml`",
        "`dvc_remotes`",
        "`ci_cd=github`",
        "`train.fold`",
        "`AWS_KEY_ID`",
        "```bash\nmake setup predcit\n```",
        "```bash\npython3 -m cookiecutter . --no-input raw=sales.csv\n```",
    ],
)
def test_a_name_of_nothing_is_found(text: str, product: Product, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{text}\n", encoding="utf-8")

    with pytest.raises(AssertionError):
        test_page_names_what_exists(page, product)


def test_tables_and_quotes_of_pages_are_those_of_the_template() -> None:
    fill = run_path(str(TEMPLATE / "docs/fill.py"))["fill"]
    old = [page.name for page in PAGES if fill(text := page.read_text("utf-8")) != text]
    assert not old, "python docs/fill.py"


def test_every_page_is_listed_and_linked_by_words() -> None:
    index = (TEMPLATE / "docs/index.md").read_text(encoding="utf-8")
    names = re.findall(r"\]\((\w+\.md)\)", index)
    assert sorted([*names, "index.md"]) == sorted(page.name for page in TEMPLATE.glob("docs/*.md"))
    assert [page.name for page in PAGES if "[](" in page.read_text("utf-8")] == []
