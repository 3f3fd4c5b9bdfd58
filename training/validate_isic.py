"""Holds an export of donated cases to the ISIC archive's own rules (PyPI's isic-metadata): each row by itself, and all together.

Run `melascan records export --to FOLDER`, then `python validate_isic.py FOLDER`. Exits with 1 if a row is not valid or a photo is missing.
"""

import argparse
import csv
import sys
from pathlib import Path

from isic_metadata.metadata import MetadataBatch, MetadataRow
from isic_metadata.utils import get_unstructured_columns
from pydantic import ValidationError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    failures, items = 0, []
    for number, row in enumerate(rows, start=2):
        name = row.pop("filename")
        if not (folder / "images" / name).is_file():
            failures += 1
            print(f"line {number}: there is no {name}")
        try:
            items.append(MetadataRow.model_validate(row))
        except ValidationError as error:
            failures += 1
            print(f"line {number}: {error}")
    try:
        MetadataBatch(items=items)
    except ValidationError as error:
        failures += 1
        print(error)
    if rows:
        print("columns that the archive has no name for:", ", ".join(get_unstructured_columns(list(rows[0]))))
    print(f"{len(rows)} rows, {failures} faults")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
