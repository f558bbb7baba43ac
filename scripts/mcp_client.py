# Baton
# SPDX-License-Identifier: Apache-2.0
"""A client on the official MCP package that uses Baton, for mcp_check.py.

mcp_client.py MODE URL TOKEN BATON: MODE is `session` or `auto`, URL that of a server of Baton, or `-` for `baton mcp serve`.
Starts a workflow, looks how it went, calls a tool wrongly, and prints what it saw as JSON.
"""

import asyncio
import contextlib
import json
import sys

mode, url, token, baton = sys.argv[1:]
headers = {"Authorization": "Bearer " + token}
hello = "workflow: hello\noutputs: {n: 2}\nnodes: [{id: a, type: transform, config: {expr: '1'}}]\n"


def field(value, *names):
    """A field whose name is written differently by the two versions of the package."""
    for name in names:
        if hasattr(value, name):
            return getattr(value, name)
    raise AttributeError(names[0])


def output(result):
    return field(result, "structuredContent", "structured_content")


@contextlib.asynccontextmanager
async def connected():
    """A client, and the version that is spoken."""
    from mcp.client.stdio import StdioServerParameters, stdio_client

    program = StdioServerParameters(command=baton, args=["mcp", "serve"], env=__import__("os").environ.copy())
    try:
        from mcp import Client
    except ImportError:
        from mcp import ClientSession
        from mcp.client.streamable_http import streamablehttp_client

        transport = stdio_client(program) if url == "-" else streamablehttp_client(url, headers=headers)
        async with transport as streams, ClientSession(*streams[:2]) as client:
            yield client, (await client.initialize()).protocolVersion
        return
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    if url == "-":
        transport = stdio_client(program)
    else:
        transport = streamable_http_client(url, http_client=create_mcp_http_client(headers=headers))
    async with Client(transport, mode="legacy" if mode == "session" else mode) as client:
        yield client, client.protocol_version


async def use():
    async with connected() as (client, version):
        tools = (await client.list_tools()).tools
        seen = {"version": version, "tools": sorted(tool.name for tool in tools)}
        if "execute_tool" in seen["tools"]:

            async def call(name, arguments):
                return await client.call_tool("execute_tool", {"name": name, "arguments": arguments})

            found = await client.call_tool("search_tools", {"query": "hands in the result"})
            seen["found"] = [tool["name"] for tool in output(found)["tools"]]
        else:
            call = client.call_tool
        run = output(await call("run_start", {"document": hello, "wait": 60}))
        seen["run"] = [run["status"], run["outputs"]]
        seen["status"] = output(await call("run_status", {"run": run["id"]}))["status"]
        checked = output(await call("workflow_validate", {"document": "workflow: x\nnodes: []\n"}))
        seen["valid"] = checked["valid"]
        wrong = await call("run_status", {"run": "nothing"})
        seen["wrong"] = field(wrong, "isError", "is_error")
        if mode == "auto" or url == "-":
            lines = await call("workstack_two", {"prompt": "Look"})
            seen["workstack"] = field(lines, "isError", "is_error")
        try:
            await client.call_tool("nothing", {})
            seen["unknown"] = None
        except Exception as error:
            seen["unknown"] = type(error).__name__
        return seen


print(json.dumps(asyncio.run(use())))
