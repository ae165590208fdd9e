"""The settings of Sphinx, which builds the site of these pages: `docs/build_site.py` runs it."""

from harness import __version__

project = "The conversion harness for Intercom"
author = "its maintainers"
copyright = author  # noqa: A001  # Sphinx reads this name
version = release = __version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["evidence"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = project
html_show_sourcelink = False
html_copy_source = False
