"""The table of statistics: its columns, and no value missing without a reason."""

from collections.abc import Mapping, Sequence

import pytest
from comparisons import A, B, first_row, statistics_of, two_groups, volumes_of

from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.statistics_table import STATISTICS_COLUMNS
from pipeline.stages.compare.volume_row import VOLUME_COLUMNS


def test_the_columns_are_those_of_the_contract_in_order() -> None:
    """Users rely on the names and on their order."""
    volume_names = (
        "participant_id group side body_mass_kg foot_length_mm rearfoot_cm3 forefoot_cm3 "
        "total_cm3 rearfoot_mm3_per_kg forefoot_mm3_per_kg total_mm3_per_kg contractile_cm3 "
        "fat_fraction border muscles segmenter status cautions "
    )
    statistics_names = (
        "outcome group_a group_b n_a n_b mean_a sd_a mean_b sd_b mean_difference ci95_low "
        "ci95_high test statistic df p p_holm cohens_d cohens_d_ci95_low cohens_d_ci95_high "
        "hedges_g mann_whitney_p shapiro_p_a shapiro_p_b"
    )

    assert " ".join(VOLUME_COLUMNS).startswith(volume_names)
    assert list(VOLUME_COLUMNS)[-3:] == ["footvol_version", "run_id", "scan_sha256"]
    assert " ".join(STATISTICS_COLUMNS).startswith(f"{statistics_names} ")
    found = statistics_of(two_groups((1, 2), (3, 5)), CompareParams())
    assert list(found.columns) == list(STATISTICS_COLUMNS)


ALWAYS = {"outcome", "group_a", "n_a", "n_b", "family", "family_tests"}


BY_DESIGN = {
    *("wilcoxon_p", "shapiro_p_difference", "cohens_d_av", "anova_f", "anova_df_between"),
    *("anova_df_within", "anova_p", "sem", "mdc95", "mdc95_source", "below_mdc95", "note"),
    *("covariates", "n_adjusted", "adjusted_difference", "adjusted_ci95_low"),
    *("adjusted_ci95_high", "adjusted_p"),
}
"""Columns whose description says when they are n/a."""


@pytest.mark.integration
@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ({"healthy": A, "pf": (55.0,)}, "one participant measured in pf: no test"),
        ({"healthy": A, "pf": (None, None)}, "nobody measured in pf: no test"),
        ({"healthy": (), "pf": B}, "nobody measured in healthy: no test"),
        ({"healthy": A}, "nobody measured in another group: no test"),
        ({"healthy": A, "pf": (7.0, 7.0, 7.0)}, "all values alike in pf: no test"),
        ({"healthy": A, "pf": (55.0, 61.0)}, "two participants in pf: no Shapiro-Wilk"),
        ({"healthy": (1e9, 1e9 + 1, 1e9 + 3), "pf": (1.0, 2.0, 4.0)}, "too far apart"),
        ({"healthy": (1.0, 1.0, 3.0, 3.0), "pf": (2.0, 2.0, 6.0, 6.0)}, "no Levene"),
    ],
    ids=["one", "none", "no reference", "alone", "no spread", "two", "far apart", "no Levene"],
)
def test_nothing_is_missing_without_a_reason(
    groups: Mapping[str, Sequence[float | None]], reason: str
) -> None:
    """The note of the row says why; no warning is raised."""
    row = first_row(volumes_of(groups), CompareParams(covariates=()))

    missing = set(row.index[row.isna()])
    assert missing - BY_DESIGN
    assert not missing & ALWAYS
    assert reason in row["note"]


def test_where_all_is_known_nothing_is_missing() -> None:
    """Except columns that two groups of different people do not have."""
    row = first_row(volumes_of({"healthy": A, "pf": B}))

    assert list(row.index) == list(STATISTICS_COLUMNS)
    assert set(row.index[row.isna()]) == {
        *("wilcoxon_p", "shapiro_p_difference", "cohens_d_av", "anova_f", "anova_df_between"),
        *("anova_df_within", "anova_p", "sem", "mdc95", "mdc95_source", "below_mdc95", "note"),
    }
