"""What ``intake --check`` prints."""

from pathlib import Path

import pandas as pd

from pipeline.cli.options import Session
from pipeline.config import PipelineConfig
from pipeline.domain.scan import Side
from pipeline.errors import ScanError
from pipeline.intake.check_scans import Tables, check_source


def print_checks(
    session: Session, source: Path, tables: Tables, side: Side | None, config: PipelineConfig
) -> int:
    """Print a table of all participants and, below, why some are refused or doubted."""
    checks = list(check_source(source, tables, side, config))
    session.print(pd.DataFrame([check.cells for check in checks]).to_string(index=False))
    for check in checks:
        for reason in check.reasons:
            session.print(f"{check.cells['participant_id']}: {reason}")
    return ScanError.exit_code if any(check.is_refused for check in checks) else 0
