"""Effect sizes of regions and muscles with their confidence intervals."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.domain.anatomy import MUSCLES, REGIONS
from pipeline.domain.comparison import Comparison, EffectSize, Interval
from pipeline.domain.outcomes import Outcome, Quantity
from pipeline.stages.plot_style import (
    COLOURS,
    MARKERS,
    PALE,
    Picture,
    picture,
    plot_style,
)
from pipeline.stages.report.formatting import fixed, interval, p_value
from pipeline.stages.report.outcome_labels import QUANTITY_NAMES

_QUANTITIES = (Quantity.PER_BODY_MASS, Quantity.VOLUME)
_NAMES = {region: region for region in REGIONS} | {
    muscle.abbreviation: f"{muscle.name} ({muscle.abbreviation})" for muscle in MUSCLES
}

Known = tuple[Comparison, EffectSize, Interval]


def plot_effects(statistics: Sequence[Comparison]) -> Picture | None:
    """Plot Cohen's d of every region and muscle; None where it is not known.

    Outcomes per body mass are plotted where they are known, otherwise absolute volumes.
    """
    known = _with_interval(statistics)
    present = {c.outcome.quantity for c, _, _ in known}
    quantity = next((q for q in _QUANTITIES if q in present), None)
    if quantity is None:
        return None
    known = [row for row in known if row[0].outcome.quantity is quantity]
    structures = {c.outcome.structure for c, _, _ in known}
    rows = [Outcome(name, quantity) for name in _NAMES if name in structures]
    pairs = list(dict.fromkeys(c.groups for c, _, _ in known))
    with plot_style():
        size = (7.2, 0.9 + 0.27 * len(rows) * len(pairs))
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots()
        axes.axvline(0, color=PALE, linewidth=0.8)
        for k, pair in enumerate(pairs):
            of_pair = [row for row in known if row[0].groups == pair]
            offset = (k + 1) / (len(pairs) + 1)
            _draw(axes, of_pair, [rows.index(c.outcome) + offset for c, _, _ in of_pair], k)
        _name_rows(axes, rows, quantity)
        figure.legend(loc="outside upper left", frameon=False, ncols=2)
        return picture(figure)


def _with_interval(statistics: Sequence[Comparison]) -> list[Known]:
    tested = [(c, c.tests.effect) for c in statistics if c.tests]
    return [(c, e, e.cohens_d_ci95) for c, e in tested if e.cohens_d_ci95]


def _draw(axes: Axes, known: Sequence[Known], heights: Sequence[float], k: int) -> None:
    """Draw the effects of one pair of groups, with their values on the right."""
    a, b = known[0][0].groups
    axes.errorbar(
        [effect.cohens_d for _, effect, _ in known],
        heights,
        xerr=(
            [effect.cohens_d - ci95.low for _, effect, ci95 in known],
            [ci95.high - effect.cohens_d for _, effect, ci95 in known],
        ),
        linestyle="none", capsize=2, markersize=5, elinewidth=1.1,
        color=COLOURS[k % len(COLOURS)], marker=MARKERS[k % len(MARKERS)],
        label=f"{a} minus {b}".replace("_", " "),
    )  # fmt: skip
    for (comparison, effect, ci95), height in zip(known, heights, strict=True):
        d, p = fixed(effect.cohens_d, 2), p_value(comparison.p)
        text = f"{d} ({interval(ci95, 2)}), {p}, {p_value(comparison.p_holm)}"
        axes.text(
            1.02, height, text, transform=axes.get_yaxis_transform(), va="center", fontsize=7
        )


def _name_rows(axes: Axes, rows: Sequence[Outcome], quantity: Quantity) -> None:
    """Label the rows and the axis; a line separates regions and muscles."""
    axes.set_yticks(
        [k + 0.5 for k in range(len(rows))], [_NAMES[outcome.structure] for outcome in rows]
    )
    axes.set_ylim(len(rows), 0)
    regions = sum(not outcome.is_muscle for outcome in rows)
    if regions < len(rows):
        axes.axhline(regions, color=PALE, linewidth=0.6, linestyle=":")
    axes.set_xlabel(
        f"Cohen's d of {QUANTITY_NAMES[quantity]} with 95 % confidence interval; "
        "positive where the first group is larger"
    )
    axes.set_title(
        "d (95 % confidence interval), p, p after Holm", loc="right", fontweight="normal"
    )
