# Baton
# SPDX-License-Identifier: Apache-2.0
"""Checks the values of a file {"schema", "instances"} with the package jsonschema; prints seconds per pass."""

import json
import sys
import time

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    case = json.load(file)
validator = jsonschema.Draft202012Validator(case["schema"])
valid = sum(validator.is_valid(instance) for instance in case["instances"])
start = time.perf_counter()
for instance in case["instances"]:
    validator.is_valid(instance)
print(json.dumps({"seconds": time.perf_counter() - start, "valid": valid}))
