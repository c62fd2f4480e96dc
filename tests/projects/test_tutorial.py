"""The tutorial, followed to the letter from a clone: from a CSV file to a served model.

Only the settings are others, those that save time.
"""

from support.generator import TEMPLATE, Generator, edit
from support.reader import Reader
from support.recipes import Step, steps
from support.service import running

QUICK = {"n_iter: auto": "n_iter: 1", "bootstrap: 500": "bootstrap: 50"}
HERE = "http://127.0.0.1:8000"


def test_tutorial_goes_from_a_file_to_a_served_model(generator: Generator) -> None:
    reader = Reader(generator, "tutorial")
    page = (TEMPLATE / "docs/tutorial.md").read_text(encoding="utf-8")
    made: list[Step] = [step for step in steps(page) if step.recipe]
    said: dict[str, str] = {}
    for number, step in enumerate(made):
        if step.text == "make serve\n":
            (ask,) = [later.text for later in made[number + 1 :] if later.language == "bash"]
            with running(["make", "serve"], reader.folder, reader.environment) as address:
                said["asked"] = reader.types(ask.replace(HERE, address))
            break
        if step.language == "bash":
            said[step.text] = reader.types(step.text)
            if "cookiecutter" in step.text:
                edit(reader.folder, "params.yaml", QUICK)
        else:
            step.paste(reader.folder)
    assert '"prediction":"yes"' in said["asked"].replace(" ", "")
    assert "role: identifier" in said["cat references/schema.yaml\n"]
    (repeated,) = (text for command, text in said.items() if "find nine of ten" in command)
    assert "find nine of ten" in repeated
    assert "Running stage 'train'" not in repeated
    assert len(list((reader.folder / "reports/runs").glob("*.json"))) == 2
