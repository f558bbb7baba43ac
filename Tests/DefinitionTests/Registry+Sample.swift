// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

extension Registry {
    /// Two tools, and a network policy that knows one address.
    static var sample: Registry {
        let echo: JSONValue = [
            "type": "object", "required": ["text"], "properties": ["text": ["type": "string"]],
        ]
        let notify: JSONValue = [
            "type": "object", "required": ["to", "text"], "additionalProperties": false,
            "properties": ["to": ["type": "string"], "text": ["type": "string"]],
        ]
        let tools = [("echo", echo), ("notify.send", notify)].compactMap { try? Tool(name: $0.0, input: $0.1) }
        return Registry(tools: tools) { $0.contains("127.0.0.1") ? "127.0.0.1 is a loopback address" : nil }
    }
}
