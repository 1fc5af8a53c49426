"""Try damaged inputs again by number: ``python tests/fuzz.py KIND FIRST [LAST]``."""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fuzzing.kinds import MAKERS, faults_of


def main(argv: Sequence[str] | None = None) -> int:
    """Print what went wrong with each input; gives 1 if anything did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=MAKERS)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int, nargs="?")
    args = parser.parse_args(argv)
    numbers = range(args.first, (args.first if args.last is None else args.last) + 1)
    count = 0
    with tempfile.TemporaryDirectory() as scratch:
        for line in faults_of(args.kind, numbers, Path(scratch, "sandbox")):
            print(line, flush=True)  # noqa: T201
            count += 1
    print(f"{count} faults in {len(numbers)} inputs of kind {args.kind}")  # noqa: T201
    return int(count > 0)


if __name__ == "__main__":
    raise SystemExit(main())
