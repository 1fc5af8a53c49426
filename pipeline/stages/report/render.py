"""Templates filled with values."""

from base64 import b64encode
from functools import cache
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.stages.report.formatting import fixed, interval, is_missing, p_value


def render(template: str, **context: object) -> str:
    """Fill a template of this folder; HTML templates escape all text."""
    environment = _environment(is_html=template.endswith(".html.j2"))
    return environment.get_template(template).render(**context).lstrip("\n")


@cache  # a study has a page for each participant
def _environment(*, is_html: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.stages.report.templates", ""),
        autoescape=is_html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "fixed": fixed,
        "interval": interval,
        "p_value": p_value,
        "sha256": _digest,
    }
    environment.tests["missing"] = is_missing
    return environment


def _digest(text: str) -> str:
    """Give the hash by which a page's security policy knows its own style and script."""
    return b64encode(sha256(text.encode()).digest()).decode("ascii")
