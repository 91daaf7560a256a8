"""The build backend: maturin, given declarations that are made from include/kaiwa.h.

maturin would make a header of its own with cbindgen; it takes the one in the target directory where there is one.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import maturin

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

get_requires_for_build_wheel = maturin.get_requires_for_build_wheel
get_requires_for_build_editable = maturin.get_requires_for_build_editable
prepare_metadata_for_build_wheel = maturin.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = maturin.prepare_metadata_for_build_editable


def build_wheel(folder: str, settings: dict[str, Any] | None = None, metadata: str | None = None) -> str:
    """Builds the wheel."""
    declare()
    return str(maturin.build_wheel(folder, settings, metadata))


def build_editable(folder: str, settings: dict[str, Any] | None = None, metadata: str | None = None) -> str:
    """Builds a wheel that leads to this folder."""
    declare()
    return str(maturin.build_editable(folder, settings, metadata))


def declare() -> None:
    """Writes the header as cffi reads it: without inclusions, macros and comments."""
    header = (ROOT / "include" / "kaiwa.h").read_text(encoding="utf-8")
    lines = [line for line in header.splitlines() if not line.startswith("#include")]
    compiler = os.environ.get("CC", "cc").split()
    declarations = subprocess.run(
        [*compiler, "-E", "-P", "-x", "c", "-"],
        input="\n".join(lines),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    path = target() / "header.h"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(declarations, encoding="utf-8")


def target() -> Path:
    """Where cargo builds."""
    described = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version", "1"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return Path(json.loads(described)["target_directory"])
