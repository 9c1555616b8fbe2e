"""Make `src/defacto/privacy/data/bids_terms.json`: the terms that BIDS has for the sidecar of an MR image.

Taken from the package bidsschematools, rules ``anat``, ``mri`` and ``entity_rules``: name, kind of value and,
where the schema lists them, the values. Run as ``python tools/bids_terms.py``.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bidsschematools.schema import load_schema

TARGET = Path(__file__).parents[1] / "src" / "defacto" / "privacy" / "data" / "bids_terms.json"


def terms() -> dict[str, dict[str, Any]]:
    """Return kinds and values by term."""
    schema = load_schema()
    rules = schema.rules.sidecars
    groups = (rules.anat, rules.mri, rules.entity_rules)
    fields = {field for group in groups for rule in group.values() for field in rule.fields}
    found: dict[str, dict[str, Any]] = {}
    for field in sorted(fields):
        meanings = list(_meanings(schema.objects.metadata[field]))
        values = sorted({str(value) for meaning in meanings for value in meaning.get("enum", ())})
        kinds = sorted(
            {meaning["type"] for meaning in meanings if "type" in meaning} | ({"string"} if values else set())
        )
        found[field.split("__")[0]] = {"kinds": kinds} | ({"values": values} if values else {})
    return found


def _meanings(meaning: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the kinds that a value may be of: those of its items, where it is a list."""
    for each in meaning.get("anyOf", [meaning]):
        yield each.get("items", each)


def main() -> None:
    """Write the file."""
    version, found = importlib.metadata.version("bidsschematools"), terms()
    document = {
        "source": f"BIDS {load_schema().bids_version}, as in bidsschematools {version}",
        "terms": found,
    }
    TARGET.write_text(json.dumps(document, indent=0) + "\n", encoding="utf-8")
    print(f"{len(found)} terms, {document['source']}")


if __name__ == "__main__":
    main()
