// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import RateLimits
import Testing

@testable import Server

struct RouterTests {
    private func route(_ method: String, _ pattern: String) -> Route {
        Route(method, pattern, Contract(pattern, "", .runs, .everyone)) { _ throws(Problem) in
            HTTPResponse(status: 204)
        }
    }

    @Test func wordsGoBeforeParameters() throws {
        let router = try Router([
            route("GET", "/a/{x}"), route("GET", "/a/b"), route("POST", "/a/{x}/c"), route("GET", "/a/{x}/{y}"),
        ])
        func found(_ method: String, _ path: [String]) -> String {
            switch router.find(method, path) {
            case .route(let entry, let parameters): "\(entry.route.pattern.text) \(parameters["x"] ?? "")"
            case .methods(let methods): methods.joined(separator: ",")
            case .nothing: "nothing"
            }
        }
        #expect(found("GET", ["a", "b"]) == "/a/b ")
        #expect(found("HEAD", ["a", "z"]) == "/a/{x} z")
        #expect(found("DELETE", ["a", "z"]) == "GET,HEAD")
        #expect(found("POST", ["a", "z", "c"]) == "/a/{x}/c z")
        #expect(found("GET", ["a", "z", "d"]) == "/a/{x}/{y} z")
        #expect(found("GET", ["a", "z", "c"]) == "POST", "a word is no value of a parameter, whatever the method")
        #expect(found("GET", ["a", ""]) == "nothing")
    }

    @Test func everyOperationHasAnIdOfItsOwn() throws {
        let world = try World()
        let routes = APIServer.routes(world.service, LiveFeed(world.service, last: 0), Limits(.init()))
        let ids = routes.map(\.contract.id)
        #expect(Set(ids).count == ids.count, "\(ids.filter { id in ids.count { $0 == id } > 1 })")
        #expect(routes.allSatisfy { !$0.contract.answers.isEmpty && $0.contract.summary.hasSuffix(".") })
    }
}
