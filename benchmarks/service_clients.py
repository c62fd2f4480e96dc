"""Ask a service as a typed client and as a person at its form do; used by `service_tables.py`.

    python benchmarks/service_clients.py ADDRESS CASE.json FOLDER CHROMIUM

Runs in a Python with openapi-python-client and playwright. CASE.json has `rows` as JSON, and the path
of a `file`. Prints what came back as JSON: of the `client` the answers to the rows one by one and to
all at once, and of the `form` the texts for some rows; the files that both were sent are in FOLDER.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

AT_THE_FORM = 3  # rows


def main() -> None:
    address, case, folder, chromium = sys.argv[1:]
    given, place = json.loads(Path(case).read_text("utf-8")), Path(folder)
    rows, file = given["rows"], Path(given["file"])
    found = {
        "client": typed_client(address, rows, file, place),
        "form": form(address, rows[:AT_THE_FORM], file, place, chromium),
    }
    print(json.dumps(found))


def typed_client(address: str, rows: list[dict], file: Path, folder: Path) -> list[dict[str, Any]]:
    """Generate a client from the OpenAPI document, and ask with it."""
    generator = Path(sys.executable).with_name("openapi-python-client")
    target, settings = folder / "typed", folder / "settings.yaml"
    settings.write_text("post_hooks: []\npackage_name_override: typed\n", encoding="utf-8")
    words = [generator, "generate", "--url", f"{address}/openapi.json", "--meta", "none"]
    words += ["--output-path", target, "--config", settings, "--fail-on-warning"]
    done = subprocess.run([*map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(done.stdout.decode())
    sys.path.insert(0, str(folder))
    from typed import Client
    from typed.api.default import predict, predict_file
    from typed.models import Answer, Row
    from typed.types import File

    client = Client(address, timeout=120)
    typed = [Row.from_dict(row) for row in rows]
    answers = [predict.sync(client=client, body=row) for row in typed]
    answers += predict.sync(client=client, body=typed)
    assert all(isinstance(answer, Answer) for answer in answers), answers
    with file.open("rb") as opened:
        sent = predict_file.sync(client=client, body=File(payload=opened))
    (folder / "client.csv").write_bytes(sent.payload.read())
    return [answer.to_dict() for answer in answers]


def form(address: str, rows: list[dict], file: Path, folder: Path, chromium: str) -> list[str]:
    """Fill in the form and send it, then send a file."""
    from playwright.sync_api import sync_playwright

    said, errors = [], []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/docs")
        for row in rows:
            for field in page.query_selector_all("[data-name]"):
                fill(field, row[field.get_attribute("data-name")])
            with page.expect_response("**/predict"):
                page.click("#row button >> nth=0")
            page.wait_for_selector("#answer:has-text('version'), #answer.bad")
            said.append(page.inner_text("#answer"))
        page.set_input_files("#file input", file)
        with page.expect_download() as download:
            page.click("#file button")
        download.value.save_as(folder / "form.csv")
        browser.close()
    assert not errors, errors
    return said


def fill(field: Any, value: Any) -> None:
    """Enter a value as a person does."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if field.get_attribute("data-type") == "boolean":
        field.select_option(text)
    else:
        field.fill(text)


if __name__ == "__main__":
    main()
