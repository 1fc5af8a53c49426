"""A directive that inserts a part of the reference which is made from the code."""

from docutils import nodes
from docutils.statemachine import StringList
from reference_pages import PAGES
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Reference(SphinxDirective):
    """Insert a part by its name in `PAGES`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse the text as if it stood in the page."""
        parsed = nodes.Element()
        content = StringList([*PAGES[self.arguments[0]]()], source=self.get_location())
        self.state.nested_parse(content, self.content_offset, parsed, match_titles=True)
        return list(parsed.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("reference", Reference)
    return {"parallel_read_safe": True}
