// Baton
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Identity
import RateLimits
import Testing

@testable import Server

/// Holds docs/api.md against the operations that there are.
struct APIPageTests {
    private static func table(_ routes: [Route]) -> String {
        var text = ""
        for area in Contract.Area.allCases {
            let rows = routes.filter { $0.contract.area == area }
            guard !rows.isEmpty else { continue }
            text += "| \(area.rawValue) | | |\n|---|---|---|\n"
            for route in rows {
                let names = route.contract.audience.permissions.map(\.rawValue)
                let who = names.isEmpty ? "public" : names.joined(separator: " or ")
                text += "| `\(route.method) \(route.pattern.text)` | \(route.contract.summary) | \(who) |\n"
            }
            text += "\n"
        }
        return text
    }

    @Test func thePageListsEveryOperation() throws {
        let world = try World()
        let routes = APIServer.routes(world.service, LiveFeed(world.service, last: 0), Limits(.init()))
        let expected = Self.table(routes + ProbeRoutes.documented)
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/api.md")
            .standardized
        let page = try String(contentsOf: path, encoding: .utf8)
        let start = try #require(page.range(of: "must let through.\n\n"))
        if ProcessInfo.processInfo.environment["BATON_WRITE_DOCS"] != nil {
            try (page[..<start.upperBound] + expected.dropLast()).write(to: path, atomically: true, encoding: .utf8)
            return
        }
        #expect(
            page[start.upperBound...] + "\n" == expected,
            "write it anew: BATON_WRITE_DOCS=1 swift test --filter APIPageTests"
        )
    }
}
