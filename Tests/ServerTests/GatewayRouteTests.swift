// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Model
import Synchronization
import Testing

@testable import Server

/// Who may ask models over the API, and who is charged.
@Suite(.timeLimit(.minutes(5))) struct GatewayRouteTests {
    private final class Payers: Sendable {
        let list = Mutex<[Ownership]>([])
    }

    private func header(_ key: String?) -> HTTPHeaders {
        var headers = HTTPHeaders()
        headers["x-api-key"] = key
        return headers
    }

    @Test func `models are asked with a key in either header, and it is charged`() async throws {
        let payers = Payers()
        var settings = APISettings()
        settings.gateway = ModelAccess { request, payer in
            payers.list.withLock { $0.append(payer) }
            return .json(Array(#"{"path":"\#(request.target.rawPath)"}"#.utf8))
        }
        let world = try World(settings)
        let (_, alice, bob) = try await world.people()
        func key(_ body: JSONValue) async throws -> (text: String, id: String) {
            let made = try await world.send("POST", "/v1/auth/keys", body, as: alice).json
            return (made["key"]?.stringValue ?? "", made["id"]?.stringValue ?? "")
        }
        let (one, narrow) = (try await key(["name": "ci"]), try await key(["name": "r", "scopes": ["runs.read"]]))
        let path = "/gateway/anthropic/v1/messages"
        for (given, token) in [(one.text, nil), (nil, one.text), (nil, bob)] as [(String?, String?)] {
            let headers = header(given)
            let answer = try await world.send("POST", "\(path)?beta=true", [:], as: token, headers: headers)
            #expect(answer.status == 200 && answer.json["path"]?.stringValue == path, "\(answer.json.text)")
        }
        let seen = payers.list.withLock { $0 }
        #expect(seen.map { $0.apiKey?.description } == [one.id, one.id, nil])
        #expect(seen[0].owner == seen[1].owner && seen[0].owner != seen[2].owner)
        // Clients find why not where they look for it.
        for (given, status, kind) in [
            (nil, 401, "authentication_error"), ("bat_none", 401, "authentication_error"),
            (narrow.text, 403, "permission_error"),
        ] as [(String?, Int, String)] {
            let answer = try await world.send("POST", path, [:], headers: header(given))
            #expect(
                answer.status == status && answer.json["error"]?["type"]?.stringValue == kind,
                "\(answer.json.text)"
            )
            #expect(answer.json["error"]?["message"] == answer.json["detail"])
        }
        // Elsewhere a key belongs in the usual header.
        #expect(try await world.send("GET", "/v1/runs", headers: header(one.text)).status == 401)
        #expect(try await world.send("GET", "/gateway/openai/v1/models", as: one.text).status == 200)
        #expect(payers.list.withLock(\.count) == 4)
        await world.stop()
    }
}
