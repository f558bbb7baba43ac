# Baton
# SPDX-License-Identifier: Apache-2.0
"""An agent of the Agent Client Protocol, made with its Python library, for cli_agents_check.py: asks a model through the
gateway, and writes the greeting when it is permitted to."""

import asyncio
import json
import os
import urllib.request

from acp import run_agent, start_tool_call, update_agent_message_text
from acp.schema import (
    AgentCapabilities,
    InitializeResponse,
    NewSessionResponse,
    PermissionOption,
    PromptResponse,
    ToolCallUpdate,
)


def ask(text):
    body = {"model": "any", "max_tokens": 100, "messages": [{"role": "user", "content": text}]}
    request = urllib.request.Request(
        os.environ["OPENAI_BASE_URL"] + "/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["choices"][0]["message"]["content"]


class Writer:
    def on_connect(self, connection):
        self.connection = connection

    async def initialize(self, protocol_version, **_):
        return InitializeResponse(
            protocol_version=protocol_version, agent_capabilities=AgentCapabilities(load_session=False)
        )

    async def new_session(self, cwd, **_):
        self.folder = cwd
        return NewSessionResponse(session_id="session-1")

    async def prompt(self, session_id, prompt, **_):
        said = await asyncio.to_thread(ask, prompt[0].text)
        await self.connection.session_update(session_id, start_tool_call("t1", "Write greeting.txt", kind="edit"))
        leave = await self.connection.request_permission(
            session_id,
            ToolCallUpdate(tool_call_id="t1", title="Write greeting.txt"),
            [
                PermissionOption(option_id="all", name="Always", kind="allow_always"),
                PermissionOption(option_id="one", name="Once", kind="allow_once"),
            ],
        )
        assert leave.outcome.option_id == "one", leave
        with open(os.path.join(self.folder, "greeting.txt"), "w") as file:
            file.write("hello\n")
        result = json.dumps({"success": True, "file": "greeting.txt", "said": said})
        await self.connection.session_update(session_id, update_agent_message_text(f"Done. <result>{result}</result>"))
        return PromptResponse(stop_reason="end_turn")


asyncio.run(run_agent(Writer()))
