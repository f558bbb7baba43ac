// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Hashing
import JSON
import Testing

@testable import Server

/// Blobs and files (spec 10.2).
@Suite(.timeLimit(.minutes(5)))
struct ContentRouteTests {
    private static let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    @Test func blobsAreStoredByHashAndReadInParts() async throws {
        let world = try World()
        let (_, alice, bob) = try await world.people()
        let hash = SHA256.hex(Self.bytes)
        let path = "/v1/blobs/\(hash)"
        #expect(try await world.send("GET", path, as: alice).status == 404)
        let first = try await world.send("PUT", path, bytes: Self.bytes, as: alice)
        #expect(first.status == 201, "\(first.json.text)")
        #expect(first.json["size"] == 300_000 && first.json["hash"] == .string("sha256:\(hash)"))
        #expect(try await world.send("PUT", "/v1/blobs/sha256:\(hash)", bytes: Self.bytes, as: alice).status == 200)
        let other = try await world.send("PUT", path, bytes: [1, 2, 3], as: alice)
        #expect(other.status == 409 && other.json["code"] == "state.conflict", "\(other.json.text)")
        #expect(try await world.send("GET", path, as: bob).status == 404, "bob did not store it")
        let whole = try await world.send("GET", path, as: alice)
        #expect(whole.bytes == Self.bytes && whole.headers["etag"] == "\"\(hash)\"")
        #expect(whole.headers["accept-ranges"] == "bytes")
        let ranges: [(String, Int, Range<Int>?, String?)] = [
            ("bytes=0-0", 206, 0..<1, "bytes 0-0/300000"), ("bytes=100-262999", 206, 100..<263_000, nil),
            ("bytes=299990-", 206, 299_990..<300_000, nil), ("bytes=-5", 206, 299_995..<300_000, nil),
            ("bytes=299999-400000", 206, 299_999..<300_000, "bytes 299999-299999/300000"),
            ("bytes=-400000", 206, 0..<300_000, nil), ("bytes=300000-", 416, nil, "bytes */300000"),
            ("bytes=-0", 416, nil, nil), ("bytes=5-4", 200, 0..<300_000, nil), ("bytes=0-1,4-5", 200, 0..<300_000, nil),
            ("lines=0-1", 200, 0..<300_000, nil), ("bytes=a-b", 200, 0..<300_000, nil),
            ("bytes=-", 200, 0..<300_000, nil),
            ("bytes=0-999999999999999999", 206, 0..<300_000, nil),
            ("bytes=-9999999999999999999", 200, 0..<300_000, nil),
        ]
        for (range, status, expected, header) in ranges {
            let reply = try await world.send("GET", path, as: alice, headers: ["range": range])
            #expect(reply.status == status, "\(range)")
            if let expected { #expect(reply.bytes == Array(Self.bytes[expected]), "\(range)") }
            if let header { #expect(reply.headers["content-range"] == header, "\(range)") }
        }
        let conditions: [(HTTPHeaders, Int)] = [
            (["if-none-match": "\"\(hash)\""], 304), (["if-none-match": "\"other\", W/\"\(hash)\""], 304),
            (["if-none-match": "\"other\""], 200), (["range": "bytes=0-1", "if-range": "\"\(hash)\""], 206),
            (["range": "bytes=0-1", "if-range": "\"other\""], 200),
        ]
        for (headers, status) in conditions {
            #expect(try await world.send("GET", path, as: alice, headers: headers).status == status, "\(headers)")
        }
        await world.stop()
    }

    @Test func filesHaveANameATypeAndAnOwner() async throws {
        var settings = APISettings()
        settings.blobLimit = 1000
        let world = try World(settings)
        let (root, alice, bob) = try await world.people()
        let made = try await world.send(
            "POST",
            "/v1/artifacts?name=plan.txt",
            bytes: Array("do it".utf8),
            as: alice,
            headers: ["content-type": "text/plain"]
        )
        #expect(made.status == 201 && made.json["media_type"] == "text/plain", "\(made.json.text)")
        let id = try #require(made.json["id"]?.stringValue)
        #expect(made.headers["location"] == "/v1/artifacts/\(id)")
        #expect(try await world.send("GET", "/v1/artifacts/\(id)", as: alice).json == made.json)
        let content = try await world.send("GET", "/v1/artifacts/\(id)/content", as: alice)
        #expect(content.bytes == Array("do it".utf8) && content.headers["content-type"] == "text/plain")
        #expect(content.headers["content-disposition"] == "attachment")
        for path in ["/v1/artifacts/\(id)", "/v1/artifacts/\(id)/content"] {
            #expect(try await world.send("GET", path, as: bob).status == 404, "\(path)")
            #expect(try await world.send("GET", path, as: root).status == 200, "\(path): administrators see it")
        }
        for name in ["a", "b", "a"] {
            _ = try await world.send("POST", "/v1/artifacts?name=\(name)", bytes: [1], as: alice)
        }
        let page = try await world.send("GET", "/v1/artifacts?limit=3", as: alice).json
        let names = page["items"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
        #expect(names == ["a", "b", "a"])
        let cursor = try #require(page["next_cursor"]?.stringValue)
        let rest = try await world.send("GET", "/v1/artifacts?cursor=\(cursor)", as: alice).json
        #expect(rest["items"]?.arrayValue?.count == 1)
        #expect(try await world.send("GET", "/v1/artifacts?name=b", as: alice).json["items"]?.arrayValue?.count == 1)
        let large = [UInt8](repeating: 0, count: 1001)
        let refused = try await world.send("POST", "/v1/artifacts?name=large", bytes: large, as: alice)
        #expect(refused.status == 413 && refused.json["code"] == "too_large", "\(refused.json.text)")
        #expect(try await world.send("POST", "/v1/artifacts", bytes: [1], as: alice).status == 422, "no name")
        await world.stop()
    }
}
