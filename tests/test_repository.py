"""What holds for the repository as a whole: its targets, pins, documents, import directions and fixtures."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
# Packages that no import contract speaks of: they are called from outside.
OUTSIDE = {"tests", "scripts", "bench"}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def files() -> Iterator[Path]:
    """Every file of the checkout that .gitignore does not name."""
    ignored = [line.strip("/") for line in text(".gitignore").split() if not line.startswith("#")] + [".git"]
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if not any(fnmatch.fnmatch(f, pattern) for pattern in ignored)]
        yield from (Path(folder) / n for n in names if not any(fnmatch.fnmatch(n, p) for p in ignored))


def text_files() -> Iterator[tuple[Path, str]]:
    for path in files():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def packages() -> set[str]:
    """Top-level folders that hold Python modules."""
    return {p.parent.name for p in ROOT.glob("*/*.py") if not p.parent.name.startswith(".")}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))


def make(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    names = ("PATH", "HOME", "SSL_CERT_FILE")
    plain = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.run(
        ["make", *words], cwd=ROOT, env=plain | environment, capture_output=True, text=True, timeout=60
    )


# The Makefile and who calls it


@pytest.mark.parametrize("target", sorted(targets() - {"clean"}))
def test_every_target_is_documented_and_has_a_recipe(target: str) -> None:
    plan = make("--dry-run", target, PYTHON="python3")
    assert plan.returncode == 0, plan.stderr
    assert plan.stdout.strip()
    assert f"make {target} " in make("help").stdout


def test_test_sets_up_lints_and_runs_pytest_in_this_order() -> None:
    plan = make("--dry-run", PYTHON="python3").stdout
    steps = [
        "scripts.environment --dev",
        "scripts.browser",
        "ruff check",
        "mypy",
        "lint_imports",
        "pytest -n 2",
    ]
    places = [plan.find(step) for step in steps]
    assert -1 not in places, plan
    assert places == sorted(places)
    assert plan == make("--dry-run", "test", PYTHON="python3").stdout


def test_run_fills_the_data_folder_and_serves_where_told() -> None:
    plan = make("--dry-run", "run", PYTHON="python3", PORT="8123").stdout
    assert plan.index("scripts.environment") < plan.index("data_access builtin") < plan.index("gunicorn app:server")
    assert "http://127.0.0.1:8123" in plan


def test_without_a_new_python_make_says_so_in_one_line() -> None:
    program = shutil.which("make")
    assert program
    outcome = subprocess.run(
        [program, "--dry-run", "venv"], cwd=ROOT, env={"PATH": "/nonexistent"}, capture_output=True, text=True
    )
    assert outcome.returncode != 0
    assert "Python 3.11+ is needed" in outcome.stderr


@pytest.mark.parametrize("name", ["Dockerfile", ".github/workflows/ci.yml", ".ci/run", "README.md", "CONTRIBUTING.md"])
def test_only_targets_that_exist_are_called(name: str) -> None:
    called = set(re.findall(r"(?m)(?:^ +|`|RUN |run: |exec )make ([a-z]+)", text(name)))
    expected = {"Dockerfile": {"venv", "data"}, ".ci/run": {"test"}, "README.md": {"run", "test"}}
    assert expected.get(name, set()) <= called
    assert called <= targets()


def test_workflow_runs_what_contributors_run() -> None:
    workflow = text(".github/workflows/ci.yml")
    assert "run: bash .ci/run" in workflow
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_ci_run_passes_ci_on_and_returns_the_exit_status(tmp_path: Path) -> None:
    (tmp_path / "make").write_text('#!/bin/sh\necho "$PWD $CI $*"\nexit 7\n')
    (tmp_path / "make").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    outcome = subprocess.run(
        ["bash", str(ROOT / ".ci/run")], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True
    )
    assert outcome.stdout.split() == [str(ROOT), "true", "test"]
    assert outcome.returncode == 7


# The image


def docker(word: str) -> list[str]:
    joined = text("Dockerfile").replace("\\\n", " ")
    return [line.split(None, 1)[1].strip() for line in joined.splitlines() if line.startswith(word + " ")]


def test_image_copies_only_what_is_there() -> None:
    ignored = text(".dockerignore").split()
    for instruction in docker("COPY"):
        for source in instruction.split()[:-1]:
            assert (ROOT / source).exists(), instruction
            assert source.strip("/") not in ignored, instruction
    for name in ("app.py", "settings.py", "gunicorn.conf.py", *sorted(packages() - {"tests", "bench"})):
        assert (ROOT / name).exists()
        assert name not in ignored


def test_image_runs_as_an_ordinary_user_with_a_health_check() -> None:
    lines = text("Dockerfile").splitlines()
    assert docker("USER") == ["synaptoscope"]
    user = lines.index("USER synaptoscope")
    assert user < next(i for i, line in enumerate(lines) if line.startswith("CMD "))
    assert user < lines.index("RUN make data") < lines.index("VOLUME /data")
    assert "scripts.healthcheck" in docker("HEALTHCHECK")[0]
    assert docker("EXPOSE") == ["8050"]
    assert docker("CMD") == ['["python", "-m", "gunicorn", "app:server"]']
    assert docker("FROM")[0].startswith("python:3.11-")


# Pins


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_with_a_hash_and_no_index_is_named(name: str) -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", text(name)))
    assert len(blocks) > 10
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+( ;[^\\]+)? \\\n", block), block[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block[:80]
    assert "index-url" not in re.sub(r"(?m)^#.*\n", "", text(name))
    assert "://" not in "".join(blocks)


@pytest.mark.parametrize(
    ("source", "compiled"), [("requirements.in", REQUIREMENTS[0]), ("requirements-dev.in", REQUIREMENTS[1])]
)
def test_compiled_requirements_hold_everything_asked_for(source: str, compiled: str) -> None:
    for line in text(source).splitlines():
        wanted = line.split("#")[0].strip().lower()
        if not wanted or wanted.startswith("-c"):
            continue
        pin = wanted if "==" in wanted else wanted + "=="
        assert re.search(rf"(?m)^{re.escape(pin)}", text(compiled).lower()), f"{wanted}: run make lock"


def test_both_requirements_agree_where_they_overlap() -> None:
    first, second = (dict(re.findall(r"(?m)^([a-z0-9.-]+)==(\S+)", text(name))) for name in REQUIREMENTS)
    both = first.keys() & second.keys()
    assert {name: first[name] for name in both} == {name: second[name] for name in both}


# Import directions


def test_import_contract_covers_every_package() -> None:
    linter = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]
    assert set(linter["root_packages"]) == packages() - OUTSIDE
    layers = next(c["layers"] for c in linter["contracts"] if c["type"] == "layers")
    assert {name.strip() for layer in layers for name in layer.split("|")} == packages() - OUTSIDE


def test_types_are_checked_everywhere_but_in_the_tests() -> None:
    checked = set(tomllib.loads(text("pyproject.toml"))["tool"]["mypy"]["files"])
    modules = {p.name for p in ROOT.glob("*.py") if p.stem.isidentifier()}
    assert checked >= (packages() - {"tests"}) | modules


def test_imports_point_one_way() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    outcome = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


# Documents


def test_readme_starts_with_the_two_commands() -> None:
    commands = [line.strip() for line in text("README.md").splitlines() if line.startswith("    ")]
    assert commands[0].startswith("make run ")
    assert commands[1].startswith("make test ")
    assert "make run" in "\n".join(text("README.md").splitlines()[:10])


def test_architecture_names_every_package() -> None:
    layout = text("docs/architecture.md").split("## Layout")[1].split("\n## ")[0]
    missing = {name for name in packages() if f"`{name}/`" not in layout}
    assert not missing


def test_decisions_are_numbered_listed_and_have_three_parts() -> None:
    records = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for number, path in enumerate(records, start=1):
        record = path.read_text(encoding="utf-8")
        assert record.startswith(f"# {number}. ")
        assert re.findall(r"(?m)^## (.+)$", record) == ["Context", "Decision", "Consequences"]
        assert f"(adr/{path.name})" in text("docs/architecture.md")


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in [p for p in files() if p.suffix == ".md"]:
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
            if "://" not in link and not link.startswith(("#", "mailto:")):
                target = (path.parent / link.split("#")[0]).resolve()
                broken += [] if target.exists() else [f"{path.relative_to(ROOT)}: {link}"]
    assert not broken


def test_one_version_everywhere() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    cited = re.search(r"(?m)^version: (\S+)$", text("CITATION.cff"))
    assert cited
    assert cited.group(1) == project["version"]
    assert "## [Unreleased]" in text("CHANGELOG.md")
    assert project["version"] in text("CHANGELOG.md")


def test_licence_and_citation_are_there() -> None:
    licence = text("LICENSE")
    assert licence.startswith("MIT License")
    assert "The Synaptoscope authors" in licence
    citation = text("CITATION.cff")
    for key in ("cff-version: 1.2.0", "message: ", "title: ", "authors:", "license: MIT"):
        assert re.search(rf"(?m)^{key}", citation), key


def test_no_file_names_a_place_on_one_machine() -> None:
    folders = "|".join(("work", "root", "Users/[a-z]", "home/(?!synaptoscope)[a-z]"))
    place = re.compile(rf"(?<![\w.}})/-])/(?:{folders})\w*/")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for path, content in text_files()
        for line in content.splitlines()
        if place.search(line)
    ]
    assert not found


# The fixtures that find real data and the browser

PROBE = """
def test_data(real_data): assert (real_data / "real").is_dir()
def test_browser(chromium): assert chromium.exists()
"""


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "2 skipped"),
        ({"CI": "true"}, "2 errors"),
        ({"CI": "true", "SYNAPTOSCOPE_TEST_DATA_OPTIONAL": "1"}, "1 skipped, 1 error"),
        ({"CI": "true", "SYNAPTOSCOPE_TEST_DATA": "HERE", "CHROMIUM": sys.executable}, "2 passed"),
        ({"CHROMIUM": "no-such-browser", "SYNAPTOSCOPE_TEST_DATA": "HERE"}, "1 passed, 1 error"),
    ],
    ids=["at home", "CI", "public runner", "all there", "wrong browser"],
)
@pytest.mark.skipif(sys.platform == "darwin", reason="a browser in /Applications cannot be hidden from the probe")
def test_nothing_is_skipped_silently(tmp_path: Path, environment: dict[str, str], expected: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "conftest.py").write_text(text("tests/conftest.py"))
    (tmp_path / "tests" / "test_probe.py").write_text(PROBE)
    here = {name: value.replace("HERE", str(tmp_path)) for name, value in environment.items()}
    outcome = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:dash",
            "-c",
            os.devnull,
            "--rootdir",
            str(tmp_path),
            "tests",
        ],
        cwd=tmp_path,
        env={"PATH": str(tmp_path), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | here,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert expected in outcome.stdout.splitlines()[-1], outcome.stdout + outcome.stderr
