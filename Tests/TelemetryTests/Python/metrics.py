# Baton
# SPDX-License-Identifier: Apache-2.0
"""Reads metrics from standard input with prometheus_client; argument: prometheus or openmetrics."""
import json
import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prometheus

parser = openmetrics if sys.argv[1] == "openmetrics" else prometheus
families = list(parser.text_string_to_metric_families(sys.stdin.read()))
print(
    json.dumps(
        {
            family.name: {
                "type": family.type,
                "help": family.documentation,
                "samples": [[s.name, s.labels, s.value] for s in family.samples if s.value == s.value],
            }
            for family in families
        }
    ).replace("Infinity", "1e999")
)
