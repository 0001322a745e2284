"""Validates the Kubernetes objects on standard input, strictly: no unknown field, no missing one.

Usage: validate.py VERSION < rendered.yaml

Custom resources are checked against the small schemas in crds/, which know the fields that the chart writes. An object
of a kind that nobody knows is an error.
"""

import json
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

CRDS = pathlib.Path(__file__).parent / "crds"


def check(document, version):
    crd = CRDS / (document["kind"].lower() + ".json")
    if crd.exists():
        jsonschema.validate(document, json.loads(crd.read_text()))
    else:
        kubernetes_validate.validate(document, version, strict=True)


def main(version):
    if version.rsplit(".", 1)[0] not in {v.rsplit(".", 1)[0] for v in kubernetes_validate.utils.all_versions()}:
        sys.exit(f"there are no schemas for Kubernetes {version}")
    documents = [document for document in yaml.safe_load_all(sys.stdin) if document]
    wrong = []
    for document in documents:
        name = f"{document['kind']}/{document['metadata']['name']}"
        try:
            check(document, version)
        except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
            wrong.append(f"{name}: {'.'.join(map(str, error.path))}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError as error:
            wrong.append(f"{name}: {error.message}")
    if wrong or not documents:
        sys.exit("\n".join(wrong) or "no object")


main(sys.argv[1])
