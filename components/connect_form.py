"""What somebody asks for in 'Connect a source': from controls or the address to a request that can be pulled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app

from components import shell, url_state
from components.url_state import Control, PageUrl
from data_access import stored_sets
from data_access.adapters.cave.access import Access, access, address
from data_access.adapters.cave.local import Source
from data_access.adapters.cave.pull import PullRequest
from data_access.errors import InputError
from data_access.secret import Secret

CONTROLS = [
    Control("server", "connect-server", history="replace"),
    Control("datastack", "connect-datastack", history="replace"),
    Control("version", "connect-version", history="replace"),
    Control("cell_table", "connect-cell-table", history="replace"),
    Control("type_column", "connect-type-column", history="replace"),
    Control("cells", "connect-cells"),
    Control("direction", "connect-direction", default="out"),
    Control("id", "connect-id", history="replace"),
    Control("title", "connect-title", history="replace"),
    Control("compartments", "connect-compartments", prop="checked", words=("no", "yes"), default="yes"),
    Control("skeletons", "connect-skeletons", prop="checked", words=("no", "yes"), default="no"),
]
URL: PageUrl = url_state.wire("home", CONTROLS, rebuild=("ds", "add", "annotate"))


@dataclass(frozen=True)
class Form:
    """The form as it stands. `version` None: none chosen yet; `id` "": the suggested one."""

    server: str
    datastack: str = ""
    version: int | None = None
    cell_table: str = ""
    type_column: str = ""
    cells: str = ""
    direction: str = "out"
    id: str = ""
    title: str = ""
    compartments: bool = True
    skeletons: bool = False

    @property
    def dataset(self) -> str:
        """Id of the dataset that it fills, "" as long as nothing tells."""
        return self.id or self.suggested

    @property
    def suggested(self) -> str:
        """The id that says where the data are from."""
        return f"{self.datastack}-v{self.version}" if self.datastack and self.version is not None else ""

    @property
    def source(self) -> Source | None:
        """What fixes its cell table; None until a version is chosen."""
        if not self.datastack or self.version is None:
            return None
        return Source(self.server, self.datastack, self.version, self.cell_table, self.type_column)

    def request(self) -> PullRequest:
        """What a job is asked to do. Raises InputError for what cannot be pulled; the cells may be empty."""
        if not self.datastack:
            raise InputError("which datastack?", "such as minnie65_public")
        if self.version is None:
            raise InputError("which version?", "'Show versions' asks the server for them")
        wanted = PullRequest(
            id=self.dataset, datastack=self.datastack, cells=whole_text(self.cells), server=self.server,
            version=self.version, direction=self.direction, title=self.title, compartments=self.compartments,
            skeletons=self.skeletons,
            cell_table=self.cell_table, type_column=self.type_column,
        )  # fmt: skip
        wanted.check()
        return wanted

    def access(self) -> Access:
        """The token for its server."""
        return access_to(self.server)


def read(values: Mapping[str, Any]) -> Form:
    """The form of the controls' values, or of a query string; the first of a key that stands there several times."""
    first = {key: value[0] if isinstance(value, list) and value else value for key, value in values.items()}
    texts = {c.key: _text(first.get(c.key)) or c.default for c in CONTROLS}
    number = texts["version"]
    return Form(
        server=address(texts["server"]) or own_server(),
        datastack=texts["datastack"],
        version=int(number) if number.isdecimal() and len(number) < 10 else None,
        cell_table=texts["cell_table"],
        type_column=texts["type_column"],
        cells=texts["cells"],
        direction=texts["direction"],
        id=texts["id"],
        title=texts["title"],
        compartments=texts["compartments"] == "yes",
        skeletons=texts["skeletons"] == "yes",
    )


def whole_text(cells: str) -> str:
    """The cells as a pull understands them: the text behind the name of a stored set. Raises NotFoundError."""
    name = cells.removeprefix("set:")
    return cells if name == cells else stored_sets.resolver(shell.data_dir())(name)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value).strip()


def own_server() -> str:
    """The CAVE server of the settings: that which the token of the settings is for."""
    return address(current_app.config["SETTINGS"].cave_server)


def access_to(server: str) -> Access:
    """The token that may be sent to a server."""
    settings = current_app.config["SETTINGS"]
    given: Secret | None = settings.cave_token
    return access(server, given, settings.cave_server)


def is_on() -> bool:
    """Whether this server pulls for those who use its page."""
    return bool(current_app.config["SETTINGS"].connect == "on")


def check_on() -> None:
    """InputError where this server does not pull from its page."""
    if not is_on():
        raise InputError(
            "this server does not pull from its page (SYNAPTOSCOPE_CONNECT is off)",
            "its operator can: python -m data_access pull cave",
        )


def without_cells(form: Form) -> Form:
    """The same form, asking for the cell table alone."""
    return replace(form, cells="")


def check_cells(form: Form) -> None:
    """InputError where no cells are named."""
    if not form.cells:
        raise InputError("which cells?", "such as cell_type == 'BC', status_axon == 'true', or pasted ids")
