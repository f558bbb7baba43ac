// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Testing

@testable import Server

/// Holds answers against what the OpenAPI document says of them.
struct ContractCheck {
    private let router: Router

    init(_ routes: [Route]) throws {
        router = try Router(routes)
    }

    func check(_ method: String, _ path: String, _ reply: World.Reply) {
        let words = path.prefix { $0 != "?" }.split(separator: "/").map(String.init)
        guard case .route(let entry, _) = router.find(method, words) else { return }
        let contract = entry.route.contract
        let type = reply.headers["content-type"] ?? ""
        guard let answer = contract.answers.first(where: { $0.status == reply.status }) else {
            #expect(type == "application/problem+json", "\(method) \(path): \(reply.status) is not documented")
            check(.named("Problem"), reply, "\(method) \(path)")
            return
        }
        guard let shape = answer.shape, type.hasSuffix("json") else { return }
        check(shape, reply, "\(method) \(path)")
    }

    private func check(_ shape: Shape, _ reply: World.Reply, _ what: String) {
        var schema = shape.schema
        schema["components"] = ["schemas": .object(Components.schemas)]
        let violations = (try? JSONSchema(.object(schema)))?.validate(reply.json)
        #expect(
            violations?.isEmpty == true,
            "\(what): \(violations?.first?.description ?? "no schema") in \(reply.json.text)"
        )
    }
}
