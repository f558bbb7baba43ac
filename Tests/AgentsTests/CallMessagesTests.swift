// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Providers
import Testing

@testable import Agents

@Suite struct CallMessagesTests {
    @Test func `results of tools are named, and read back as they were told`() throws {
        let steps = [
            AgentStep(number: 2, kind: .tool, name: "a", request: ["call": "c1"], result: ["output": ["n": 1]]),
            AgentStep(number: 3, kind: .tool, name: "a", request: ["call": "c2"], result: ["error": ["code": "x"]]),
            AgentStep(number: 4, kind: .tool, name: "a", request: ["call": "c3"]),
        ]
        let results: [ModelPart] = [
            .toolResult(ToolResult(callID: "c1", name: "a", content: #"{"n":1}"#)),
            .toolResult(ToolResult(callID: "c2", name: "a", content: #"{"code":"x"}"#, isError: true)),
            // What no step says is written out.
            .toolResult(ToolResult(callID: "c2", name: "a", content: "refused", isError: true)),
            .toolResult(ToolResult(callID: "c3", name: "a", content: "interrupted", isError: true)),
            .text("Go on."),
        ]
        let messages = [ModelMessage(.user, results), ModelMessage.user("More.")]
        let record = CallMessages.record(messages, after: steps)
        let parts = record[0]?["parts"]?.arrayValue ?? []
        #expect(parts.map { $0["step"]?.intValue } == [2, 3, nil, nil, nil])
        #expect(parts.map { $0["content"] == nil } == [true, true, false, false, true])
        #expect(try CallMessages.read(["messages": record], after: steps) == messages)
        // A step that is not there leaves nothing to be told.
        #expect(throws: ModelFormatError.self) { try CallMessages.read(["messages": record], after: []) }
    }
}
