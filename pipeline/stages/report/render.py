"""Templates filled with values."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.stages.report.formatting import fixed, interval, is_missing, p_value


def render(template: str, **context: object) -> str:
    """Fill a template of this folder; HTML templates escape all text."""
    environment = Environment(
        loader=PackageLoader("pipeline.stages.report", ""),
        autoescape=template.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"fixed": fixed, "interval": interval, "p_value": p_value}
    environment.tests["missing"] = is_missing
    return environment.get_template(template).render(**context)
