# Baton
# SPDX-License-Identifier: Apache-2.0
"""Runs Examples/agent-review.yaml on a local model over a repository of its own: local_model_check.py BATON.

What the model says is its own affair; that it is asked, answers in the form that is wanted, and is counted, is ours.
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

baton = sys.argv[1]
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
folder = tempfile.TemporaryDirectory()
home, repository = os.path.join(folder.name, "home"), os.path.join(folder.name, "repository")
provider = {"kind": "openai_compatible", "base_url": f"http://127.0.0.1:{port}", "models": ["qwen2.5-coder-1.5b"]}
environment = {**os.environ, "BATON_HOME": home, "BATON_PROVIDERS": json.dumps({"here": provider})}


def run(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, text=True, env=environment, **options).stdout


def commit(text):
    with open(os.path.join(repository, "average.py"), "w", encoding="utf-8") as file:
        file.write(text)
    git = ["git", "-C", repository, "-c", "user.name=a", "-c", "user.email=a@example.org"]
    run(*git, "add", "-A")
    run(*git, "commit", "-qm", "change")


os.makedirs(repository)
run("git", "init", "-q", repository)
commit("def average(items):\n    if not items:\n        return 0\n    return sum(items) / len(items)\n")
commit("def average(items):\n    return sum(items) / len(items)\n")

server = subprocess.Popen(["scripts/local-model", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    deadline = time.monotonic() + 120
    while True:
        try:
            if b"ok" in urllib.request.urlopen(f"http://127.0.0.1:{port}/health").read():
                break
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit("local-model-check: the model server did not start")
            time.sleep(0.2)
    run(baton, "run", "Examples/agent-review.yaml", "--input", f"repo={repository}", "-q", timeout=600)
    details = json.loads(run(baton, "run", "get", "last", "-o", "json"))
    outputs = details["outputs"]
    assert outputs["verdict"] in ("approve", "request_changes"), outputs
    assert outputs["summary"] and isinstance(outputs["findings"], list), outputs
    usage = json.loads(run(baton, "usage", "summary", "-o", "json"))
    print(f"local-model-check: {outputs['verdict']}, {len(outputs['findings'])} findings; {json.dumps(usage)[:200]}")
finally:
    server.terminate()
    server.wait()
