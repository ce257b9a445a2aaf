"""Fixtures for every test: the real data sets, the browser, an environment free of personal settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from scripts import browser
from scripts.debian import SetupError

CHECKOUT = Path(__file__).resolve().parent.parent

# A developer's own settings (a data folder, a URL prefix, a token) must not reach the code under test.
for _name in list(os.environ):
    own = _name.startswith("SYNAPTOSCOPE_") and not _name.startswith("SYNAPTOSCOPE_TEST_")
    if own or _name in ("HOST", "PORT"):
        del os.environ[_name]


def skips_are_allowed() -> bool:
    """Not under continuous integration (CI=true), where a skip would hide that nothing was tested."""
    return os.environ.get("CI") != "true"


def without(what: str, skip: bool) -> NoReturn:
    """End a test that cannot run: skipped with the reason, or failed."""
    if skip:
        pytest.skip(what)
    pytest.fail(what, pytrace=False)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published data sets: `real/` (connectivity) and `synphys/` (physiology) lie in it.

    SYNAPTOSCOPE_TEST_DATA, else shared/data beside the checkout. They are not part of the repository (some
    have no licence that allows it); without them the test is skipped. Under CI=true it fails instead, unless
    SYNAPTOSCOPE_TEST_DATA_OPTIONAL=1 says that this machine cannot have them.
    """
    folder = Path(os.environ.get("SYNAPTOSCOPE_TEST_DATA") or CHECKOUT.parent / "shared" / "data")
    if not (folder / "real").is_dir():
        optional = os.environ.get("SYNAPTOSCOPE_TEST_DATA_OPTIONAL") == "1"
        without(f"no real data in {folder} (set SYNAPTOSCOPE_TEST_DATA)", skip=optional or skips_are_allowed())
    return folder


@pytest.fixture(scope="session")
def chromium() -> Path:
    """For Playwright's `executable_path`; without one the test is skipped, under CI=true failed."""
    program, problem = None, "no Chromium or Google Chrome here (make browser installs one)"
    named = os.environ.get("CHROMIUM", "")
    try:
        program = browser.find()
    except SetupError as error:
        problem = str(error)
    # A browser that was named and is not there is a mistake, not a machine without one.
    return program or without(problem, skip=not named and skips_are_allowed())
