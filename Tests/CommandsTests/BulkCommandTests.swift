// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

@Suite struct BulkCommandTests {
    @Test func `many runs and requests are dealt with at once, and each has its result`() throws {
        let program = try Program()
        try program.write("ask.yaml", "workflow: ask\nnodes: [{id: ask, type: human, config: {message: Well?}}]")
        for _ in 0..<3 { #expect(try program.baton("run ask.yaml").exit == 8) }
        let look = try program.baton("run bulk cancel --workflow ask --status waiting")
        #expect(look.exit == 0 && look.errors.contains("3 runs are selected; nothing was done"), "\(look.errors)")
        #expect(try program.baton("run list --status waiting -o json").json.arrayValue?.count == 3)
        #expect(try program.baton("run bulk cancle last").exit == 2)
        #expect(try program.baton("run bulk cancel").exit == 2)

        let inbox = try program.baton("inbox list -o json").json.arrayValue ?? []
        let requests = inbox.compactMap { $0["id"]?.stringValue }
        #expect(requests.count == 3)
        let answered = try program.baton("inbox bulk approve \(requests[0]) -o json")
        #expect(answered.exit == 0 && answered.json["done"] == 1, "\(answered.errors)")
        let partly = try program.baton("inbox bulk reject \(requests[0]) \(requests[1]) --comment no -o json")
        #expect(partly.exit == 4 && partly.json["status"] == 207 && partly.json["failed"] == 1)
        #expect(partly.json["items"]?[0]?["code"] == "human_task.closed")

        let rest = try program.baton("run bulk terminate --status waiting --yes --reason enough -o json")
        #expect(rest.exit == 0 && rest.json["items"]?.arrayValue?.count == 1)
        let again = try program.baton("run bulk cancel last")
        #expect(again.exit == 4 && again.output.contains("state.conflict"))
    }
}
