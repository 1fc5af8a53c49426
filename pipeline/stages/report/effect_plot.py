"""Effect sizes of regions and muscles beside each other, with their intervals."""

import pandas as pd
from matplotlib.figure import Figure

from pipeline.domain.anatomy import MUSCLES, REGIONS
from pipeline.stages.plot_style import (
    COLOURS,
    MARKERS,
    PALE,
    Picture,
    picture,
    plot_style,
)
from pipeline.stages.report.sentences import chance, fixed

_WORDS = {"mm3_per_kg": "volume per body mass", "cm3": "volume"}


def plot_effects(statistics: pd.DataFrame) -> Picture | None:
    """Plot Cohen's d of every region and muscle; None where none is known.

    Parameters
    ----------
    statistics
        Rows of ``statistics.tsv``. Per body mass where that is known, else absolute.
    """
    known = statistics[statistics["cohens_d_ci95_low"].notna()]
    ending = next((e for e in _WORDS if known["outcome"].str.endswith(f"_{e}").any()), None)
    if ending is None:
        return None
    names = {f"{region}_{ending}": region for region in REGIONS} | {
        f"{m.abbreviation}_total_{ending}": f"{m.name} ({m.abbreviation})" for m in MUSCLES
    }
    known = known[known["outcome"].isin(names)]
    rows = [outcome for outcome in names if (known["outcome"] == outcome).any()]
    pairs = [*dict.fromkeys(zip(known["group_a"], known["group_b"], strict=True))]
    with plot_style():
        figure = Figure(
            figsize=(7.2, 0.9 + 0.27 * len(rows) * len(pairs)), layout="constrained"
        )
        axes = figure.subplots()
        axes.axvline(0, color=PALE, linewidth=0.8)
        for k, (a, b) in enumerate(pairs):
            of_pair = known[(known["group_a"] == a) & (known["group_b"] == b)]
            of_pair = of_pair.set_index("outcome").reindex(rows).dropna(subset="cohens_d")
            places = [rows.index(str(o)) + (k + 1) / (len(pairs) + 1) for o in of_pair.index]
            d, low, high = (
                of_pair[name].astype(float)
                for name in ("cohens_d", "cohens_d_ci95_low", "cohens_d_ci95_high")
            )
            axes.errorbar(
                d, places, xerr=(d - low, high - d), linestyle="none", capsize=2,
                color=COLOURS[k % len(COLOURS)], marker=MARKERS[k % len(MARKERS)],
                markersize=5, elinewidth=1.1, label=f"{a} less {b}".replace("_", " "),
            )  # fmt: skip
            for place, (_, row) in zip(places, of_pair.iterrows(), strict=True):
                axes.text(
                    1.02, place, _told(row), transform=axes.get_yaxis_transform(),
                    va="center", fontsize=7,
                )  # fmt: skip
        axes.set_yticks([k + 0.5 for k in range(len(rows))], [names[row] for row in rows])
        axes.set_ylim(len(rows), 0)
        if len(rows) > len(REGIONS):
            axes.axhline(len(REGIONS), color=PALE, linewidth=0.6, linestyle=":")
        axes.set_xlabel(
            f"Cohen's d of {_WORDS[ending]}, 95 % interval; right of 0 the first group has more"
        )
        axes.set_title("d (95 % interval), p, p after Holm", loc="right", fontweight="normal")
        figure.legend(loc="outside upper left", frameon=False, ncols=2)
        return picture(figure)


def _told(row: "pd.Series[float]") -> str:
    """Say one effect in numbers."""
    low, high = (fixed(row[f"cohens_d_ci95_{end}"], 2) for end in ("low", "high"))
    p, holm = (chance(row[name]).removeprefix("= ") for name in ("p", "p_holm"))
    return f"{fixed(row['cohens_d'], 2)} ({low} to {high}), {p}, {holm}"
