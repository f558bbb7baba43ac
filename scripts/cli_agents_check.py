# Baton
# SPDX-License-Identifier: Apache-2.0
"""The real Claude Code and Codex as agents: they do a task, are charged for each answer, and stop when the budget is used
up. Prints one line for each check and fails when one does not hold."""

import json
import os
import subprocess
import sys
import tempfile
import time
import traceback

baton, place = sys.argv[1:]
# What each answer of the script takes.
ANSWER = 40050
AGENTS = {
    "claude": ("claude-code", "anthropic/claude-haiku-5-5", f"{place}/claude_agent_sdk/_bundled"),
    "codex": ("codex", "openai/gpt-6-luna", f"{place}/codex_cli_bin/bin"),
    "acp": ("acp-writer", "openai/gpt-6-luna", f"{place}/venv/bin"),
}
ACP_RECORD = f"""---
id: acp-writer
kind: cli
command: {place}/venv/bin/python
args: [{os.path.dirname(os.path.abspath(__file__))}/acp_agent.py]
output: acp
env: {{OPENAI_BASE_URL: "{{gateway}}/openai/v1", OPENAI_API_KEY: "{{token}}"}}
read: [{json.dumps(place)}, {json.dumps(sys.base_prefix)}, {json.dumps(os.path.dirname(os.path.abspath(__file__)))}]
---
You write greetings.
"""
# Room for one call, whose bytes bound it, and not for two.
BUDGETS = {"claude": 90_000, "codex": 90_000}
failures = 0


def check(name, body):
    global failures
    start = time.monotonic()
    try:
        body()
        print(f"ok    {name} ({time.monotonic() - start:.1f} s)", flush=True)
    except Exception:
        failures += 1
        print(f"FAIL  {name}", flush=True)
        traceback.print_exc()


class World:
    """A data folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(f"{folder}/agents")
        with open(f"{folder}/agents/acp-writer.md", "w") as file:
            file.write(ACP_RECORD)
        url = os.environ["ANTHROPIC_BASE_URL"]
        providers = {
            "anthropic": {"base_url": url, "models": ["claude-haiku-5-5"], "key_secret": "env:MOCK_KEY"},
            "openai": {"base_url": f"{url}/v1", "models": ["gpt-6-luna"], "key_secret": "env:MOCK_KEY"},
        }
        folders = ":".join(folder for _, _, folder in AGENTS.values())
        self.environment = {
            "PATH": f"{folders}:{os.environ['PATH']}",
            "HOME": folder,
            "BATON_HOME": f"{folder}/data",
            "BATON_PROVIDERS": json.dumps(providers),
            "BATON_AGENTS_DIR": f"{folder}/agents",
            "MOCK_KEY": "a-key-that-no-agent-sees",
        }

    def run(self, *words, expect=0):
        done = subprocess.run(
            [baton, *words], env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *words, expect=0):
        return json.loads(self.run(*words, "-o", "json", expect=expect))

    def start(self, agent, budget=None, expect=0):
        self.write(agent, f"Please write the greeting by {agent}.", budget)
        self.run("run", f"{agent}.yaml", expect=expect)

    def write(self, agent, prompt, budget=None):
        name, model, _ = AGENTS[agent]
        limit = f"budget: {{llm_tokens: {budget}}}\n" if budget else ""
        with open(f"{self.folder}/{agent}.yaml", "w") as file:
            file.write(
                f"workflow: {agent}\n{limit}outputs: {{said: \"${{ nodes.a.output }}\"}}\nnodes:\n"
                f"  - id: a\n    type: agent\n    config: {{agent: {name}, model: {model}, "
                f"prompt: {prompt}}}\n"
            )

    def events(self):
        lines = self.run("run", "events", "last", "-o", "jsonl").splitlines()
        return [json.loads(line) for line in lines]

    def events_of(self, process):
        """How many calls were begun so far, while the process goes on."""
        assert process.poll() is None, "it has ended"
        done = subprocess.run(
            [baton, "run", "events", "last", "-o", "jsonl"], env=self.environment, cwd=self.folder, capture_output=True
        )
        return done.stdout.count(b'"agent.call.started"')

    def answered(self):
        """How many answers came, and how many calls were begun."""
        kinds = [event["type"] for event in self.events()]
        return kinds.count("agent.call.completed"), kinds.count("agent.call.started")

    def spent(self):
        usage = self.json("usage", "summary")
        rows = usage["items"]
        return sum(row["llm_tokens"] for row in rows)


def works(agent):
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder)
        world.start(agent)
        run = world.json("run", "get", "last")
        outputs = run["outputs"]["said"]
        assert outputs["data"]["success"] is True and outputs["data"]["file"] == "greeting.txt", outputs
        workspace = f"{folder}/data/workspaces/{run['id']}"
        with open(f"{workspace}/greeting.txt") as file:
            assert file.read() == "hello\n"
        answered, begun = world.answered()
        assert begun == answered >= (1 if agent == "acp" else 2), (begun, answered)
        assert world.spent() == answered * ANSWER, (world.spent(), answered)
        # The key of the provider is nowhere in what the agent could keep.
        found = subprocess.run(["grep", "-rl", world.environment["MOCK_KEY"], f"{folder}/data"], capture_output=True)
        assert found.stdout == b"", found.stdout


def stops(agent):
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder)
        budget = BUDGETS[agent]
        world.start(agent, budget, expect=7)
        answered, begun = world.answered()
        assert begun == answered >= 1, (begun, answered)
        assert world.spent() == answered * ANSWER <= budget, (world.spent(), answered)
        # With more of it the session goes on where it was.
        world.run("budget", "set", "run:last", "none")
        world.run("run", "resume", "last")
        outputs = world.json("run", "get", "last")["outputs"]["said"]
        assert outputs["data"]["success"] is True, outputs
        answered, begun = world.answered()
        assert begun == answered and world.spent() == answered * ANSWER, (begun, answered)


def survives():
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder)
        world.write("claude", "Please write the greeting slowly.")
        process = subprocess.Popen(
            [baton, "run", "claude.yaml", "--quiet"], env=world.environment, cwd=folder, stderr=subprocess.DEVNULL
        )
        wait_until(lambda: [name for name, _ in programs(folder)], "the program begins")
        # The second call is under way.
        wait_until(lambda: world.events_of(process) >= 2, "the second call")
        process.kill()
        process.wait()
        wait_until(lambda: not programs(folder), "everything ends with Baton")
        world.run("run", "resume", "last")
        outputs = world.json("run", "get", "last")["outputs"]["said"]
        assert outputs["text"] == "It was written before.", outputs
        answered, begun = world.answered()
        assert begun == answered == 3, (begun, answered)
        # Two answers, and all that was held for the one that was lost.
        assert world.spent() > 2 * ANSWER, world.spent()


def programs(folder):
    """Processes that were started for this folder."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().decode(errors="replace")
        except OSError:
            continue
        if folder in words and "bwrap" in words:
            found.append((name, words))
    return found


def wait_until(condition, what):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.05)


for agent in AGENTS:
    check(f"{agent} does a task and is charged for each answer", lambda: works(agent))
    if agent in BUDGETS:
        check(f"{agent} stops at its budget, and goes on with more", lambda: stops(agent))
check("claude goes on with its session after Baton was killed", survives)
sys.exit(1 if failures else 0)
