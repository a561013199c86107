"""How Sphinx makes the site: `make docs`."""

import re
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Final

from sphinx.application import Sphinx

project = "Roadstead"
author = "The authors of Roadstead"
version = release = version_of("roadstead")

extensions = ["myst_parser"]
root_doc = "index"
exclude_patterns = ["README.md"]  # the map for those who read the files; the site has its own

myst_heading_anchors = 4
nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]  # the console lexer cannot read a JSON body over several lines

html_theme = "furo"
html_title = "Roadstead"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_use_index = False
highlight_language = "text"

_REPOSITORY: Final = Path(__file__).parents[1]
_OUTSIDE: Final = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+)([\w./-]+)\)")


def setup(app: Sphinx) -> None:
    app.connect("source-read", _name_files_outside)


def _name_files_outside(_: Sphinx, page: str, source: list[str]) -> None:
    """The site has only what is in docs/: elsewhere, a link becomes the name of the file it leads to."""

    def shown(link: re.Match[str]) -> str:
        target = (_REPOSITORY / "docs" / page).parent / link[2] / link[3]
        inside = target.resolve().is_relative_to(_REPOSITORY / "docs")
        return link[0] if inside else f"{link[1]} (`{target.resolve().relative_to(_REPOSITORY)}`)"

    source[0] = _OUTSIDE.sub(shown, source[0])
