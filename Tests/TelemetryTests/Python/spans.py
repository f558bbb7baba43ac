# Baton
# SPDX-License-Identifier: Apache-2.0
"""Reads an OTLP request in JSON from standard input as the types of OpenTelemetry have it; unknown fields fail.

In OTLP ids are hexadecimal digits, where the JSON of protobuf has base 64.
"""
import base64
import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

document = json.load(sys.stdin)


def fix(value):
    if isinstance(value, list):
        for item in value:
            fix(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in ("traceId", "spanId", "parentSpanId"):
                value[key] = base64.b64encode(bytes.fromhex(item)).decode()
            else:
                fix(item)


fix(document)
request = json_format.ParseDict(document, ExportTraceServiceRequest())
for span in request.resource_spans[0].scope_spans[0].spans:
    print(
        span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex() or "-", span.name.replace(" ", "_"),
        span.start_time_unix_nano, span.end_time_unix_nano, span.status.code, len(span.attributes), len(span.links),
    )
