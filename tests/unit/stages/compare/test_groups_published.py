"""The comparison gives the results of published examples, to their digits."""

from collections.abc import Mapping, Sequence

import pandas as pd
import pytest
from scipy import stats

from pipeline.domain.outcomes import OUTCOMES
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.groups import compare
from pipeline.stages.compare.statistics_table import statistics_table

OUTCOME = OUTCOMES[0]


# Student 1908, Biometrika 6:1, hours of sleep gained; R: ?sleep
SLEEP = {
    "1": (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    "2": (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
}


# Altman 1991, table 9.4, energy expenditure in MJ per day; Dalgaard, Introductory Statistics
# with R, 2nd ed., section 5.3: energy
ENERGY = {
    "lean": (7.53, 7.48, 8.08, 8.09, 10.15, 8.40, 10.88, 6.13, 7.90, 7.05, 7.48, 7.58, 8.11),
    "obese": (9.21, 11.51, 12.79, 11.85, 9.97, 8.79, 9.69, 9.68, 9.19),
}


# Altman 1991, table 9.3, energy intake in kJ; Dalgaard, section 5.6: intake
INTAKE = {
    "pre": (5260, 5470, 5640, 6180, 6390, 6515, 6805, 7515, 7515, 8230, 8770),
    "post": (3910, 4220, 3885, 5160, 5645, 4680, 5265, 5975, 6790, 6900, 7335),
}


# Darwin 1876, heights of maize in eighths of an inch, crossed minus self-fertilised; Fisher,
# The Design of Experiments, 1935, sections 17 and 21
MAIZE = (49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)


# Henderson and Velleman 1981, miles per gallon by gearbox; R: ?mtcars
MTCARS = {
    "automatic": (
        *(21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7),
        *(21.5, 15.5, 15.2, 13.3, 19.2),
    ),
    "manual": (
        *(21.0, 21.0, 22.8, 32.4, 30.4, 33.9, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4),
    ),
}


# Crampton 1947, length of odontoblasts; R: ?ToothGrowth
TOOTH = {
    "OJ": (
        *(15.2, 21.5, 17.6, 9.7, 14.5, 10.0, 8.2, 9.4, 16.5, 9.7, 19.7, 23.3, 23.6, 26.4, 20.0),
        *(25.2, 25.8, 21.2, 14.5, 27.3, 25.5, 26.4, 22.4, 24.5, 24.8, 30.9, 26.4, 27.3, 29.4),
        23.0,
    ),
    "VC": (
        *(4.2, 11.5, 7.3, 5.8, 6.4, 10.0, 11.2, 11.2, 5.2, 7.0, 16.5, 16.5, 15.2, 17.3, 22.5),
        *(17.3, 13.6, 14.5, 18.8, 15.5, 23.6, 18.5, 33.9, 25.5, 26.4, 32.5, 26.7, 21.5, 23.3),
        29.5,
    ),
}


# Dobson 1983, dried weight of plants; R: ?PlantGrowth
PLANTS = {
    "ctrl": (4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14),
    "trt1": (4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69),
    "trt2": (6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26),
}


# Altman 1991, p. 208, folate in red cells; Dalgaard, section 7.1: red.cell.folate
FOLATE = {
    "N2O+O2,24h": (243, 251, 275, 291, 347, 354, 380, 392),
    "N2O+O2,op": (206, 210, 226, 249, 255, 273, 285, 295, 309),
    "O2,24h": (241, 258, 270, 293, 328),
}


def rows_of(
    groups: Mapping[str, Sequence[float]],
    params: CompareParams | None = None,
    **columns: object,
) -> pd.DataFrame:
    """Give the statistics of the first outcome; the first group is the reference."""
    values = [value for group in groups.values() for value in group]
    pairs = [str(number) for group in groups.values() for number in range(len(group))]
    table = pd.DataFrame(
        {
            "group": [name for name, group in groups.items() for _ in group],
            "status": "ok",
            "pair": pairs,
            **dict.fromkeys(OUTCOMES, values),
            **columns,
        }
    )
    usual = {"reference": next(iter(groups)), "covariates": ()}
    params = (params or CompareParams()).model_copy(update=usual)
    found = statistics_table(compare(table, params))
    return found[found["outcome"] == OUTCOME]


def check_printed(row: pd.Series, expected: Mapping[str, str]) -> None:
    """Compare numbers with printed ones, to half of the last digit."""
    for name, digits in expected.items():
        mantissa, _, power = digits.partition("e")
        places = len(mantissa.partition(".")[2]) - int(power or 0)
        assert float(row[name]) == pytest.approx(
            float(digits), rel=0, abs=0.501 * 10.0**-places
        ), name


def test_students_sleep_unpaired() -> None:
    """R: t.test(extra ~ group, data = sleep)."""
    check_printed(
        rows_of(SLEEP).iloc[0],
        {
            "welch_t": "-1.8608",
            "welch_df": "17.776",
            "welch_p": "0.07939",
            "ci95_low": "-3.3654832",
            "ci95_high": "0.2054832",
            "student_p": "0.07919",
            "mean_a": "0.75",
            "mean_b": "2.33",
        },
    )


def test_students_sleep_paired() -> None:
    """R: t.test(x, y, paired = TRUE); every one slept longer under the second drug."""
    row = rows_of(SLEEP, CompareParams(design="paired")).iloc[0]

    assert (row["test"], row["n_a"], row["n_b"]) == ("paired", 10, 10)
    check_printed(
        row,
        {
            "statistic": "-4.0621",
            "df": "9",
            "p": "0.002833",
            "ci95_low": "-2.4598858",
            "ci95_high": "-0.7001142",
            "mean_difference": "-1.58",
        },
    )


def test_altmans_energy_expenditure() -> None:
    """Dalgaard prints both t tests and the rank sum test, which has ties."""
    check_printed(
        rows_of(ENERGY).iloc[0],
        {
            "welch_t": "-3.8555",
            "welch_df": "15.919",
            "welch_p": "0.001411",
            "ci95_low": "-3.459167",
            "ci95_high": "-1.004081",
            "student_t": "-3.9456",
            "student_df": "20",
            "student_p": "0.000799",
            "mann_whitney_p": "0.002122",
            "mean_a": "8.066154",
            "mean_b": "10.297778",
        },
    )


def test_altmans_energy_intake() -> None:
    """Dalgaard prints the paired t test."""
    row = rows_of(INTAKE, CompareParams(design="paired")).iloc[0]

    check_printed(
        row,
        {
            "statistic": "11.941",
            "df": "10",
            "p": "3.059e-07",
            "ci95_low": "1074.072",
            "ci95_high": "1566.838",
            "mean_difference": "1320.455",
        },
    )


def test_darwins_maize_as_fisher_did_it() -> None:
    """Fisher: t = 2.148, and 863 of 32 768 in each tail."""
    pots = {"crossed": MAIZE, "self-fertilised": (0,) * len(MAIZE)}

    row = rows_of(pots, CompareParams(design="paired")).iloc[0]

    check_printed(row, {"statistic": "2.148", "p": "0.0497", "mean_difference": "20.933"})
    assert row["permutation_p"] == 2 * 863 / 32768
    assert row["permutation_method"] == "exact, 32768"


def test_gearboxes_have_unequal_groups_and_ties() -> None:
    """R: t.test and wilcox.test(mpg ~ am, data = mtcars)."""
    check_printed(
        rows_of(MTCARS).iloc[0],
        {
            "welch_t": "-3.7671",
            "welch_df": "18.332",
            "welch_p": "0.001374",
            "ci95_low": "-11.280194",
            "ci95_high": "-3.209684",
            "mann_whitney_p": "0.001871",
            "mean_a": "17.14737",
            "mean_b": "24.39231",
        },
    )


def test_teeth_of_guinea_pigs() -> None:
    """R: t.test and wilcox.test(len ~ supp, data = ToothGrowth)."""
    row = rows_of(TOOTH).iloc[0]

    check_printed(
        row,
        {
            "welch_t": "1.9153",
            "welch_df": "55.309",
            "welch_p": "0.06063",
            "ci95_low": "-0.1710156",
            "ci95_high": "7.5710156",
            "mann_whitney_p": "0.06449",
        },
    )
    assert row["permutation_method"] == "random, 9999"
    assert row["permutation_p"] == pytest.approx(0.06, abs=0.01)


def test_plants_by_tukey() -> None:
    """R: TukeyHSD(aov(weight ~ group, data = PlantGrowth)); signs are reversed there."""
    rows = rows_of(PLANTS, CompareParams(test="student"))

    assert rows["test"].tolist() == ["tukey"] * 3
    for row, difference, low, high, p in zip(
        (row for _, row in rows.iterrows()),
        ("0.371", "-0.494", "-0.865"),
        ("-0.3202161", "-1.1852161", "-1.5562161"),
        ("1.0622161", "0.1972161", "-0.1737839"),
        ("0.3908711", "0.1979960", "0.0120064"),
        strict=True,
    ):
        check_printed(
            row, {"mean_difference": difference, "ci95_low": low, "ci95_high": high, "p": p}
        )
        check_printed(row, {"anova_f": "4.846", "anova_p": "0.0159", "anova_df_within": "27"})


def test_plants_by_welch() -> None:
    """R: oneway.test(weight ~ group, data = PlantGrowth); pairs by Games and Howell."""
    rows = rows_of(PLANTS)

    assert rows["test"].tolist() == ["games-howell"] * 3
    assert rows[["group_a", "group_b"]].to_numpy().tolist() == [
        ["ctrl", "trt1"],
        ["ctrl", "trt2"],
        ["trt1", "trt2"],
    ]
    check_printed(
        rows.iloc[0],
        {"anova_f": "5.181", "anova_df_within": "17.128", "anova_p": "0.01739"},
    )
    published = stats.tukey_hsd(*PLANTS.values(), equal_var=False)
    assert rows["p"].tolist() == pytest.approx(published.pvalue[[0, 0, 1], [1, 2, 2]])


def test_folate_in_three_groups() -> None:
    """Dalgaard prints the classical and Welch's analysis of variance."""
    classical = rows_of(FOLATE, CompareParams(test="student")).iloc[0]
    welch = rows_of(FOLATE).iloc[0]

    check_printed(
        classical, {"anova_f": "3.7113", "anova_df_within": "19", "anova_p": "0.04359"}
    )
    check_printed(
        welch, {"anova_f": "2.9704", "anova_df_within": "11.065", "anova_p": "0.09277"}
    )
