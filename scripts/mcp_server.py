# Baton
# SPDX-License-Identifier: Apache-2.0
"""An MCP server on the official package, of version 1 (sessions) or 2 (both eras): mcp_server.py DESCRIPTION [PORT]."""

import os
import sys

from mcp.types import ToolAnnotations

try:
    from mcp.server.mcpserver import MCPServer
except ImportError:
    from mcp.server.fastmcp import FastMCP as MCPServer

description = sys.argv[1]
port = int(sys.argv[2]) if len(sys.argv) > 2 else None
options = {"port": port} if port and MCPServer.__name__ == "FastMCP" else {}
server = MCPServer("check", **options)


@server.tool(description=description, annotations=ToolAnnotations(readOnlyHint=True))
def add(a: int, b: int = 2) -> int:
    return a + b


@server.tool(annotations=ToolAnnotations(destructiveHint=True, idempotentHint=False))
def fail(why: str) -> str:
    """Fails."""
    raise ValueError(why)


@server.tool()
def where() -> dict[str, str]:
    """Says where it works, and with what."""
    return {"folder": os.getcwd(), "token": os.environ.get("TOKEN", ""), "home": os.environ.get("HOME", "")}


if port is None:
    server.run("stdio")
elif options:
    server.run("streamable-http")
else:
    server.run("streamable-http", port=port)
