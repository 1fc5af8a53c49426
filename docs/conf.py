"""How `make docs` builds the pages of this folder and of the one above."""

import sys
from pathlib import Path

import pipeline

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "footvol"
author = "the authors of footvol"
release = pipeline.__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "reference",
    "self_contained",
]

# The sources are the whole repository, so that links from any page to any file are checked.
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md"]
exclude_patterns = [".venv", "out", "sample_scans", "tests"]
templates_path: list[str] = []

html_theme = "furo"
html_title = f"footvol {release}"
html_extra_path = ["_redirect"]  # the first page is docs/index.html
html_show_sourcelink = False
html_show_copyright = False
html_copy_source = False

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_timeout = 120
nb_execution_raise_on_error = True

autodoc_class_signature = "separated"  # the fields are in the text
autodoc_default_options = {"exclude-members": "__init__, __new__"}
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
nitpicky = True
# Types of other libraries, whose documentation would have to be fetched.
nitpick_ignore_regex = [("py:.*", r"(collections|numpy|pandas|pathlib)\..*")]
