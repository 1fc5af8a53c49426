"""Tables as Markdown."""

import pandas as pd


def print_markdown(frame: pd.DataFrame) -> None:
    """Print a frame as a Markdown table, numbers with two decimals."""
    print("| " + " | ".join(map(str, frame)) + " |")  # noqa: T201
    print("|" + "---|" * frame.shape[1])  # noqa: T201
    for row in frame.itertuples(index=False):
        cells = (f"{c:.2f}" if isinstance(c, float) else str(c) for c in row)
        print("| " + " | ".join(cells) + " |")  # noqa: T201
    print()  # noqa: T201
