"""Prints the documents of YAML files as JSON, by the name of the file."""

import json
import sys

import yaml

documents = {}
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        documents[name] = list(yaml.safe_load_all(file))
json.dump(documents, sys.stdout)
