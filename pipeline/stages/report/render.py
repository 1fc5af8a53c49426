"""Templates filled with numbers and words."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.stages.report.sentences import chance, fixed, is_missing


def render(template: str, **context: object) -> str:
    """Fill a template of this folder; in HTML, text is never markup."""
    environment = Environment(
        loader=PackageLoader("pipeline.stages.report", ""),
        autoescape=template.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"fixed": fixed, "chance": chance}
    environment.tests["missing"] = is_missing
    return environment.get_template(template).render(**context)
