"""A run as in a container: any user, no home, no network, and all but two folders read-only."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from served_commands import is_permitted

from pipeline.store.tables import read_table
from validation.golden import GOLDEN, SAMPLES

pytestmark = pytest.mark.integration
NAMESPACES = ("unshare", "--mount", "--net")
NOBODY, UNKNOWN = 65534, 54321
BIDS, WRITABLE = Path("/mnt/bids"), Path("/mnt/writable")
# The first arguments are the raw dataset, the writable folder and the user. The user may read
# all files, as the interpreter may lie in the folder of another.
CONFINED = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/bids /mnt/writable
mount --bind "$1" /mnt/bids
mount --bind "$2" /mnt/writable
for place in / /dev /dev/shm /mnt /mnt/bids; do mount -o remount,bind,ro $place; done
user=$3 only="-all,+dac_read_search"; shift 3
exec setpriv --reuid $user --regid 65534 --clear-groups --no-new-privs \
  --inh-caps=$only --ambient-caps=$only --bounding-set=$only "$@"
"""


@pytest.fixture(params=[NOBODY, UNKNOWN], ids=["nobody", "unknown user"])
def confined(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Make a function that runs a command so; it may write to `WRITABLE` only."""
    if not is_permitted(*NAMESPACES, "mount", "--make-rprivate", "/"):
        pytest.skip("namespaces of mounts and networks need root, and are not permitted here")
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not installed")
    folder = tmp_path / "writable"
    for place in (folder, folder / "out", folder / "tmp"):
        place.mkdir()
        os.chown(place, request.param, NOBODY)
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TMPDIR": str(WRITABLE / "tmp"),
        **({"HOME": "/nonexistent"} if request.param == NOBODY else {}),
    }

    def run(*words: object) -> "subprocess.CompletedProcess[str]":
        shell = ("sh", "-c", CONFINED, "sh", str(SAMPLES), str(folder), str(request.param))
        return subprocess.run(
            [*NAMESPACES, *shell, *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )

    return run


def test_nothing_else_can_be_written_or_reached(
    confined: Callable[..., "subprocess.CompletedProcess[str]"],
) -> None:
    """Otherwise the other tests of this file would show nothing."""
    refused = confined("touch", "/tmp/x", "/dev/shm/x", BIDS / "x", Path(__file__).parent / "x")
    assert refused.stderr.count("touch: ") == 4
    assert confined("touch", WRITABLE / "out" / "x").returncode == 0
    networks = confined("cat", "/proc/net/dev").stdout.splitlines()
    assert [line.split(":")[0].strip() for line in networks[2:]] == ["lo"]


@pytest.mark.parametrize("confined", [NOBODY], indirect=True)
def test_a_scan_is_measured_and_reported(
    confined: Callable[..., "subprocess.CompletedProcess[str]"], tmp_path: Path
) -> None:
    """As a BIDS App is called; the volumes are as elsewhere, and no scratch files are left."""
    footvol = (sys.executable, "-m", "pipeline", BIDS, WRITABLE / "out")

    measured = confined(*footvol, "participant", "--participant_label", "01")
    assert (measured.returncode, "Traceback" in measured.stderr) == (0, False)
    reported = confined(*footvol, "group", "--participant_label", "01")
    assert (reported.returncode, "Traceback" in reported.stderr) == (0, False)

    golden = read_table(GOLDEN)["total_cm3"][0]
    volumes = read_table(tmp_path / "writable" / "out" / "volumes.tsv")
    assert volumes["total_cm3"][0] == pytest.approx(golden, rel=5e-3)
    assert [*(tmp_path / "writable" / "tmp").iterdir()] == []
    stderr = (measured.stderr + reported.stderr).splitlines()
    assert [line for line in stderr if not line.startswith(("sub-01 ", "sub-01:"))] == []


@pytest.mark.parametrize("confined", [UNKNOWN], indirect=True)
def test_a_user_without_an_entry_in_the_database_can_work(
    confined: Callable[..., "subprocess.CompletedProcess[str]"],
) -> None:
    """In two worker processes."""
    chosen = ("--participant-label", "01", "02", "--jobs", 2)
    done = confined(
        sys.executable, "-m", "pipeline", "preprocess", BIDS, WRITABLE / "out", *chosen
    )

    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_a_reviewer_without_a_login_name_gives_one(
    confined: Callable[..., "subprocess.CompletedProcess[str]"],
) -> None:
    """In one sentence; nobody has a name, and there is nothing to review."""
    words = ("review", WRITABLE / "out", "--no-browser")
    done = confined(sys.executable, "-m", "pipeline", *words)

    assert done.returncode == 2
    assert done.stderr.startswith("footvol review: A ")
