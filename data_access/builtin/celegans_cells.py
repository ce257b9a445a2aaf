"""The cell table of `celegans-cook2019`: names, classes, transmitters, positions.

Ids are the names in the matrices of Cook et al., unchanged, so that they can be looked up in the
publication: `AS01` (not AS1), `dBWML1` (not MDL01 or BWM-DL01), `g1p` (not g1P). The other sources inside
the package use the names in general use; `common_name` is the one place that translates, and the table
keeps that name as `name`.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

import pyarrow as pa

from data_access.builtin.spreadsheet import Sheet, read_sheets
from data_access.errors import InputError

TYPES_FILE = "cect/data/all_cell_info.csv"
TRANSMITTERS_FILE = "cect/data/elife-95402-supp2-v1.xlsx"
SEGMENTS_FILE = "cect/data/1-s2.0-S0896627323007560-mmc7.xlsx"
POSITIONS_FILE = "cect/data/NeuroML/c302_C2_FW.net.nml"

MEANINGS: Mapping[str, str] = {
    "cell_id": "name of the cell in Cook et al. 2019 (cord neurons with two digits: AS01; muscles: dBWML1)",
    "cell_type": "class of the cell: neurons by the 118 classes in use (AVA for AVAL and AVAR), others by "
    "name without side and number (dBWM, pm3)",
    "broad_type": "sensory neuron, interneuron or motor neuron as Cook et al. group them; pharyngeal neurons "
    "apart; other cells by tissue",
    "category": "finer group of the cell (Amphid, Layer 1 interneuron, Head motor neuron, Vulval muscle ...)",
    "cook_group": "heading under which Cook et al. list the cell",
    "name": "name in general use: AS1, MDL01; mostly the same as cell_id",
    "full_name": "name of the neuron in words (WormAtlas)",
    "lineage": "cell lineage of the neuron (WormAtlas)",
    "side": "left or right, for cells that have a partner on the other side",
    "neurotransmitter": "first neurotransmitter of the neuron in Wang et al. 2024 (eLife 13:RP95402); "
    "unknown: none of the known pathways",
    "co_transmitters": "further neurotransmitters in Wang et al. 2024",
    "segment": "parts of the body the neuron reaches: head, midbody, tail (Ripoll-Sánchez et al. 2023, Neuron 111)",
    "x_nm": "soma in OpenWorm's model of the worm, right (-) to left (+), nm; known for AVB, DB, DD, VB and "
    "VD neurons only, not measured in the animals of Cook et al.",
    "y_nm": "soma in OpenWorm's model of the worm, head (-) to tail (+), nm",
    "z_nm": "soma in OpenWorm's model of the worm, ventral (-) to dorsal (+), nm",
}

# The tissue of cells that are no neurons, by the category the package gives them.
TISSUES: Mapping[str, str] = {
    "Head muscle": "muscle",
    "Main body muscle": "muscle",
    "Pharyngeal muscle": "muscle",
    "Vulval muscle": "muscle",
    "Uterine muscle": "muscle",
    "Intestinal muscles": "muscle",
    "Anal/sphincter muscle": "muscle",
    "Marginal cell of the pharynx": "marginal cell",
    "Pharyngeal epithelium": "epithelium",
    "Pharyngeal gland cell": "gland cell",
    "Pharyngeal basement membrane": "basement membrane",
    "Sheath cell other than amphid sheath and phasmid": "sheath cell",
    "GLR cell": "GLR cell",
    "Excretory cell": "excretory cell",
    "Excretory gland": "gland cell",
    "Head mesodermal cell": "head mesodermal cell",
    "Hypodermis": "hypodermis",
    "Intestine": "intestine",
}
NEURONS: Mapping[str, str] = {
    "pharynx": "pharyngeal neuron",
    "sensory neurons": "sensory neuron",
    "interneurons": "interneuron",
    "motor neurons": "motor neuron",
    "sex-specific cells": "motor neuron",
    "other end organs": "other neuron",
}
_NUMBERED_NEURON = re.compile(r"(AS|DA|DB|DD|VA|VB|VC|VD)0?(\d+)")
_BODY_MUSCLE = re.compile(r"([dv])BWM([LR])(\d+)")
_PLACED = re.compile(r"(pm\d|mc\d|e\d|g\d|vm\d|um\d|mu_int|CEPsh|GLR)(?=[ADLPRVp]*$)")
# Two neurons whose names are exchanged in part of the literature; the package reads them so too.
_WRITTEN_BOTH_WAYS = {"DB1/3": "DB1", "DB3/1": "DB3"}


@dataclass(frozen=True)
class Neuron:
    """What Wang et al. 2024 say of one neuron."""

    class_name: str
    transmitters: tuple[str, ...]


def common_name(cell_id: str) -> str:
    """The name in general use of a cell named as in Cook et al.: AS01 -> AS1, dBWML1 -> MDL01, g1p -> g1P."""
    if neuron := _NUMBERED_NEURON.fullmatch(cell_id):
        return neuron[1] + neuron[2]
    if muscle := _BODY_MUSCLE.fullmatch(cell_id):
        return f"M{muscle[1].upper()}{muscle[2]}{int(muscle[3]):02d}"
    return "g1P" if cell_id == "g1p" else cell_id


def cell_table(wheel: zipfile.ZipFile, groups: Mapping[str, str]) -> pa.Table:
    """One row a cell, by name ascending; `groups`: the cells and the headings Cook et al. list them under.

    Columns: see MEANINGS; text, and float64 x_nm y_nm z_nm; missing where a source does not know the cell.
    Raises InputError where a source lacks a cell it should have (another release of the package).
    """
    neurons = _neurons(wheel.read(TRANSMITTERS_FILE))
    described = _described(wheel.read(TYPES_FILE).decode("utf-8"))
    segments = _segments(wheel.read(SEGMENTS_FILE))
    somata = _somata(wheel.read(POSITIONS_FILE))
    rows = [
        _row(cell_id, group, neurons.get(common_name(cell_id)), described, segments, somata)
        for cell_id, group in sorted(groups.items())
    ]
    sides = _sides(set(groups))
    schema = pa.schema([(n, pa.float64() if n in ("x_nm", "y_nm", "z_nm") else pa.string()) for n in MEANINGS])
    return pa.Table.from_pylist([row | {"side": sides.get(str(row["cell_id"]))} for row in rows], schema=schema)


def _row(
    cell_id: str, group: str, neuron: Neuron | None, described: Mapping[str, Mapping[str, str]],
    segments: Mapping[str, str], somata: Mapping[str, tuple[float, float, float]],
) -> dict[str, str | float | None]:  # fmt: skip
    name = common_name(cell_id)
    if name not in described:
        raise InputError(f"{TYPES_FILE} of the package does not list the cell '{name}'")
    category = described[name]["Type"]
    x, y, z = somata.get(name, (None, None, None))
    row: dict[str, str | float | None] = {
        "cell_id": cell_id, "name": name, "cook_group": group, "category": category,
        "x_nm": x, "y_nm": y, "z_nm": z,
    }  # fmt: skip
    if neuron is None:
        return row | {"cell_type": _class_of_other(cell_id), "broad_type": TISSUES[category]}
    transmitters = neuron.transmitters
    return row | {
        "cell_type": neuron.class_name,
        "broad_type": _broad_type(group),
        "full_name": described[name]["Name details"],
        "lineage": described[name]["Lineage"],
        "neurotransmitter": transmitters[0] if transmitters else None,
        "co_transmitters": "; ".join(transmitters[1:]) or None,
        "segment": segments.get(cell_id),
    }


def _broad_type(group: str) -> str:
    """The neurons of 'sensory neurons 6' are sensory neurons, those of 'head motor neurons' motor neurons."""
    heading = group.rstrip("0123456789 ")
    return NEURONS["motor neurons" if heading.endswith("motor neurons") else heading]


def _class_of_other(cell_id: str) -> str:
    """Class of a cell that is no neuron: its name without place, side and number."""
    if muscle := _BODY_MUSCLE.fullmatch(cell_id):
        return f"{muscle[1]}BWM"
    placed = _PLACED.match(cell_id)
    return placed[1] if placed else cell_id


def _sides(cell_ids: set[str]) -> dict[str, str]:
    sides = {}
    for cell_id in cell_ids:
        muscle = _BODY_MUSCLE.fullmatch(cell_id)
        side = muscle[2] if muscle else cell_id[-1]
        other = {"L": "R", "R": "L"}.get(side)
        # vBWMR24 is the one body wall muscle without a partner, yet it lies on the right.
        if other and (muscle or cell_id[:-1] + other in cell_ids):
            sides[cell_id] = "left" if side == "L" else "right"
    return sides


def _neurons(workbook: bytes) -> dict[str, Neuron]:
    """Class and transmitters by common name; the class stands only in the first row of each class."""
    (sheet,) = read_sheets(workbook, ("Supp File 2",))
    neurons, class_name = {}, ""
    for row in range(5, max(place[0] for place in sheet) + 1):
        class_name = _text(sheet, row, 2) or class_name
        name = _text(sheet, row, 3)
        if name:
            found = [_transmitter(_text(sheet, row, column)) for column in (21, 22, 23)]
            neurons[_WRITTEN_BOTH_WAYS.get(name, name)] = Neuron(class_name, tuple(t for t in found if t))
    return neurons


def _transmitter(entry: str) -> str:
    """One entry without its marks: * (dim and variable expression), NEW, and what holds for males only."""
    plain = entry.strip().removeprefix("*").removesuffix("- NEW").strip()
    if plain.startswith("male"):
        return ""
    return "unknown" if plain.lower().startswith("unknown (orphan") else plain


def _described(text: str) -> dict[str, dict[str, str]]:
    return {row["Cell name"]: row for row in csv.DictReader(io.StringIO(text))}


def _segments(workbook: bytes) -> dict[str, str]:
    """Parts of the body by Cook's name, such as 'head, midbody'."""
    (sheet,) = read_sheets(workbook, ("Neuron information",))
    rows = [row for row, column in sheet if column == 1 and row > 2]
    return {_text(sheet, row, 1): _text(sheet, row, 4).lower() for row in rows}


def _somata(xml: bytes) -> dict[str, tuple[float, float, float]]:
    """Soma (x, y, z) in nm of the neurons of the model by common name; the file holds um.

    The model's muscles are left out: they stand on a regular grid, which is no place in a worm.
    """
    somata = {}
    space = "{http://www.neuroml.org/schema/neuroml2}"
    for population in ElementTree.fromstring(xml).iter(f"{space}population"):
        place = next(population.iter(f"{space}location"), None)
        if place is not None and population.attrib["component"] == "GenericNeuronCell":
            x, y, z = (float(round(float(place.attrib[axis]) * 1000)) for axis in "xyz")
            somata[population.attrib["id"]] = (x, y, z)
    return somata


def _text(sheet: Sheet, row: int, column: int) -> str:
    return str(sheet.get((row, column), "")).strip()
