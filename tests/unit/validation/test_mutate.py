"""The list of faults that tests must notice."""

import re
from pathlib import Path

import pytest

from validation.mutate import mirrored, read_faults


def test_every_fault_can_be_applied() -> None:
    """There are more than thirty; whoever changes a line that is listed changes the list."""
    faults = read_faults()

    assert len(faults) > 30
    assert len({(fault.module, fault.old, fault.new) for fault in faults}) == len(faults)


@pytest.mark.parametrize(
    ("module", "text", "words"),
    [
        ("domain/grid.py", "no such text", "occurs 0 times"),
        ("domain/grid.py", "matrix", "occurs .. times"),
        ("domain/lattice.py", "matrix", "occurs 0 times"),
    ],
)
def test_a_fault_that_cannot_be_applied_is_refused(
    module: str, text: str, words: str, tmp_path: Path
) -> None:
    """The message names the module and the text."""
    file = tmp_path / "faults.toml"
    tests = 'tests = ["tests/unit/validation/test_mutate.py"]'
    file.write_text(f'["{module}"]\n{tests}\nfaults = [["a fault", "{text}", "new"]]\n')

    with pytest.raises(ValueError, match=f"{re.escape(module)}: '{text}' {words}"):
        read_faults(file)


def test_a_module_is_tested_by_files_of_its_name(tmp_path: Path) -> None:
    """With the name of its folder before it, or an aspect after it."""
    folder = tmp_path / "tests" / "unit" / "store" / "dicom"
    folder.mkdir(parents=True)
    names = ("test_pixels.py", "test_pixels_packed.py", "test_dicom_pixels.py", "test_other.py")
    for name in names:
        (folder / name).touch()

    found = mirrored("store/dicom/pixels.py", tmp_path)

    assert sorted(Path(name).name for name in found) == sorted(names[:3])
