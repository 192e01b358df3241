"""Programs by others that read labels back."""

import os
import shutil

import pytest


def needed(name: str) -> str:
    """Give the path of a program; without it the test is skipped, or fails where all must be."""
    path = shutil.which(name)
    if path is None:
        why = f"{name} is not installed"
        if os.environ.get("REQUIRE_SERVERS") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return path
