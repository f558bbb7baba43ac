# Baton
# SPDX-License-Identifier: Apache-2.0
"""Runs schemathesis over a server of its own: api_check.py BATON FOLDER EXAMPLES SEED.

All checks are on. Operations that say `x-checks-further` may refuse with 422 what fits their shapes, such as a document
that does not compile; 400 is the answer of JSON-RPC to what is none of its messages. The key of idempotent requests is left out, because the same key with another body is an error.
The feed, which does not end, is taken as pages; the WebSocket is left out.
"""
import json
import os
import shutil
import subprocess
import sys
import urllib.request

from checking import serve

baton, folder, examples, seed = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3], sys.argv[4]
home = os.path.join(folder, "home")
shutil.rmtree(home, ignore_errors=True)
os.makedirs(home)
server, url = serve(baton, env={**os.environ, "BATON_HOME": home})
try:
    with open(os.path.join(home, "token"), encoding="ascii") as file:
        token = file.read().strip()
    document = json.load(urllib.request.urlopen(url + "/v1/openapi.json"))
    further, refusing = [], ["sendMCPMessage"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [item for item in parameters if item["name"] != "Idempotency-Key"]
            if operation.get("x-checks-further"):
                further.append(operation["operationId"])
            if path.startswith("/gateway/"):
                refusing.append(operation["operationId"])
    with open(os.path.join(folder, "openapi.json"), "w", encoding="utf-8") as file:
        json.dump(document, file)
    accepted = ["2xx", "304", "401", "403", "404", "409", "412", "416", "423", "429", "5xx"]
    lines = ["[checks.positive_data_acceptance]", f"expected-statuses = {json.dumps(accepted)}"]
    rejected = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "414", "415", "422", "428", "429", "5xx"]
    lines += ["[checks.negative_data_rejection]", f"expected-statuses = {json.dumps(rejected)}"]
    for name in further:
        lines += [
            "[[operations]]",
            f'include-operation-id = "{name}"',
            "[operations.checks.positive_data_acceptance]",
            f"expected-statuses = {json.dumps(accepted + ['400', '402', '422'] if name in refusing else accepted + ['422'])}",
        ]
    settings = os.path.join(folder, "schemathesis.toml")
    with open(settings, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    command = [os.path.join(folder, "venv/bin/schemathesis"), "--config-file", settings, "run"]
    command += [os.path.join(folder, "openapi.json"), "--url", url, "--header", f"Authorization: Bearer {token}"]
    command += ["--max-examples", examples, "--seed", seed, "--workers", "2", "--checks", "all", "--no-color"]
    command += ["--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure", "--warnings", "off"]
    command += ["--exclude-path", "/v1/ws", "--exclude-path", "/ws"]
    sys.exit(subprocess.run(command, check=False).returncode)
finally:
    server.terminate()
    server.wait()
