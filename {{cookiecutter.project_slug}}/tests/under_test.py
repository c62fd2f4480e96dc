"""The modules under test. The package is found by its folder: renaming it changes no test."""

from importlib import import_module
from pathlib import Path

PACKAGE = next((Path(__file__).parents[1] / "src").glob("*/__init__.py")).parent.name

config = import_module(f"{PACKAGE}.config")
errors = import_module(f"{PACKAGE}.errors")
files = import_module(f"{PACKAGE}.files")
cells = import_module(f"{PACKAGE}.data.cells")
advice = import_module(f"{PACKAGE}.data.advice")
contract = import_module(f"{PACKAGE}.data.contract")
dialect = import_module(f"{PACKAGE}.data.dialect")
dictionary = import_module(f"{PACKAGE}.data.dictionary")
infer_schema = import_module(f"{PACKAGE}.data.infer_schema")
make_dataset = import_module(f"{PACKAGE}.data.make_dataset")
read = import_module(f"{PACKAGE}.data.read")
rejected = import_module(f"{PACKAGE}.data.rejected")
sample = import_module(f"{PACKAGE}.data.sample")
schema = import_module(f"{PACKAGE}.data.schema")
split = import_module(f"{PACKAGE}.data.split")
build_features = import_module(f"{PACKAGE}.features.build_features")
candidates = import_module(f"{PACKAGE}.models.candidates")
evaluate_model = import_module(f"{PACKAGE}.models.evaluate_model")
gate = import_module(f"{PACKAGE}.models.gate")
metrics = import_module(f"{PACKAGE}.models.metrics")
predict_model = import_module(f"{PACKAGE}.models.predict_model")
store = import_module(f"{PACKAGE}.models.store")
train_model = import_module(f"{PACKAGE}.models.train_model")
data_figures = import_module(f"{PACKAGE}.visualization.data_figures")
data_report = import_module(f"{PACKAGE}.visualization.data_report")
page = import_module(f"{PACKAGE}.visualization.page")
panels = import_module(f"{PACKAGE}.visualization.panels")
report = import_module(f"{PACKAGE}.visualization.report")
style = import_module(f"{PACKAGE}.visualization.style")
visualize = import_module(f"{PACKAGE}.visualization.visualize")
verify = import_module(f"{PACKAGE}.workspace.verify")
