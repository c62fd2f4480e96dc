"""What runs the service elsewhere: each file by the checker of the tool that reads it."""

import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import crossplane
import pytest
import yaml
from support.dashboard import dashboard, metrics
from support.generator import GeneratedProject
from support.in_process import generated

BIN = Path(sys.executable).parent
LONG = "a__b_" + "x" * 58 + "_"  # a package may be called so, an image or a pod not


@pytest.fixture(scope="module", params=["my_ml_project", LONG], ids=["short", "long"])
def project(request: pytest.FixtureRequest) -> GeneratedProject:
    """A project with a service."""
    return generated(serving=True, package_name=request.param)


def check(*command: str | Path) -> str:
    """Run a checker and return what it says."""
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def broken(project: GeneratedProject, file: str, change: tuple[str, str], folder: Path) -> Path:
    """Copy a file with a fault in it."""
    text = project.read(file)
    assert change[0] in text
    copy = folder / Path(file).name
    copy.write_text(text.replace(*change, 1), encoding="utf-8")
    return copy


def hadolint(path: Path) -> None:
    """Lint a Dockerfile."""
    assert check(BIN / "hadolint", path) == ""


def compose(path: Path) -> None:
    """Compare a compose file with its schema."""
    check(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", path)


def kubernetes(path: Path) -> None:
    """Compare manifests with the schemas of Kubernetes; names are DNS labels."""
    said = check(BIN / "kubernetes-validate", "--strict", path)
    documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    assert said.count(" passed ") == len(documents)
    names = [document["metadata"]["name"] for document in documents]
    assert [
        name for name in names if not re.fullmatch("[a-z]([a-z0-9-]{,61}[a-z0-9])?", name)
    ] == []


def nginx(path: Path) -> None:
    """Parse a configuration, and let nginx itself test it where this machine has it."""
    parsed = crossplane.parse(str(path), strict=True, check_ctx=True, check_args=True)
    assert parsed["status"] == "ok", parsed["errors"]
    if shutil.which("nginx"):
        here = path.with_name("here.conf")  # where no host is called api
        here.write_text(
            path.read_text("utf-8").replace("server api:", "server 127.0.0.1:"), "utf-8"
        )
        check("nginx", "-t", "-c", here)


def prometheus(path: Path) -> None:
    """Look for the service among what is scraped; promtool checks it where this machine has it."""
    (job,) = yaml.safe_load(path.read_text(encoding="utf-8"))["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["api:8000"]}]
    if shutil.which("promtool"):
        check("promtool", "check", "config", path)


@pytest.mark.parametrize(
    ("file", "checker", "fault"),
    [
        ("Dockerfile", hadolint, (" AS build", "")),
        ("compose.yaml", compose, ("mem_limit", "memory_limit")),
        ("deploy/kubernetes/api.yaml", kubernetes, ("readinessProbe", "readyProbe")),
        ("deploy/prometheus.yml", prometheus, ("api:8000", "service:8000")),
        ("deploy/nginx.conf", nginx, ("client_header_timeout", "header_timeout")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_file_is_valid(
    project: GeneratedProject, tmp_path: Path, file: str, checker, fault: tuple[str, str]
) -> None:
    checker(project.path / file)

    with pytest.raises(AssertionError):
        checker(broken(project, file, fault, tmp_path))


def test_nginx_and_promtool_are_on_this_machine() -> None:
    missing = [tool for tool in ("nginx", "promtool") if not shutil.which(tool)]
    if missing:
        pytest.skip(
            f"{' and '.join(missing)} not on this machine: what they would find is not looked for"
        )


def test_dashboard_is_provisioned_and_its_queries_parse(project: GeneratedProject) -> None:
    panels = dashboard(project.path)["panels"]
    (source,) = yaml.safe_load(project.read("deploy/grafana/datasources/prometheus.yaml"))[
        "datasources"
    ]
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}
    services = yaml.safe_load(project.read("compose.yaml"))["services"]
    assert source["url"].removeprefix("http://").split(":")[0] in services
    (provider,) = yaml.safe_load(project.read("deploy/grafana/dashboards/provider.yaml"))[
        "providers"
    ]
    grafana = services["grafana"]
    mounted = grafana["volumes"][0].split(":")[1]
    assert provider["options"]["path"] == f"{mounted}/dashboards"
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{mounted}/dashboards/service.json"
    assert {"requests_total", "request_seconds_bucket", "model_info"} <= metrics(project.path)
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_image_holds_what_is_named_and_no_more(project: GeneratedProject) -> None:
    lines = project.read(".dockerignore").splitlines()
    first, *rules = [line for line in lines if not line.startswith("#")]
    assert first == "*"
    for rule in rules:
        name = rule.lstrip("!")
        made_later = name in ("models/champions", "reports/runs/*.json")
        assert rule.startswith("!") or rule == "**/__pycache__"
        assert made_later or rule[0] != "!" or list(project.path.glob(name)), rule
    secret = (".env", "data/raw/penguins.csv", ".git", "mlflow.db", "models/model.skops")
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    assert [name for name in secret if any(fnmatch(name, rule) for rule in kept)] == []


def test_devcontainer_builds_a_stage_and_runs_a_target_of_the_makefile(
    project: GeneratedProject,
) -> None:
    path = project.path / ".devcontainer" / "devcontainer.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    # Keys and types of containers.dev/implementors/json_reference, of what is used here.
    types = {
        "name": str,
        "build": dict,
        "remoteUser": str,
        "postCreateCommand": str,
        "forwardPorts": list,
        "customizations": dict,
    }
    assert {name: type(value) for name, value in found.items()} == types
    build = found["build"]
    assert set(build) == {"dockerfile", "context", "target"}
    dockerfile = path.parent / build["dockerfile"]
    text = dockerfile.read_text(encoding="utf-8")
    assert (path.parent / build["context"]).resolve() == project.path.resolve()
    images = dict(re.findall(r"^FROM (\S+) AS (\w+)$", text, re.MULTILINE))
    (image,) = [image for image, stage in images.items() if stage == build["target"]]
    assert image.removesuffix("-trixie") + "-slim-trixie" in images  # the same Python
    assert f"--from={build['target']}" not in text
    assert not text.rpartition("\nFROM ")[2].partition("\n")[0].endswith(build["target"])
    assert f" {found['remoteUser']}\n" in text
    assert found["forwardPorts"] == [
        int(port) for port in re.findall("^EXPOSE (.*)", text, re.MULTILINE)
    ]
    make, target = found["postCreateCommand"].split()
    assert make == "make"
    assert re.search(f"^{target}:", project.read("Makefile"), re.MULTILINE)
    interpreter = found["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert interpreter == "${containerWorkspaceFolder}/.venv/bin/python"


def test_image_names_what_the_compose_file_and_kubernetes_run(project: GeneratedProject) -> None:
    tag = re.search(r"docker build --tag (\S+) ", project.read("Dockerfile"))[1]
    assert re.fullmatch(r"[a-z0-9]+((\.|__?|-+)[a-z0-9]+)*", tag)
    assert yaml.safe_load(project.read("compose.yaml"))["name"] == tag
    assert f"image: registry.example/{tag}:" in project.read("deploy/kubernetes/api.yaml")
