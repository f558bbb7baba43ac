// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTP
import JSON
import Testing

/// A raw deflate stream of one zero byte and `repeats` × 258 more, 13 bits for each repeat (RFC 1951, fixed codes).
func zeros(repeats: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var count = 0
    func add(_ bits: [UInt8]) {
        for bit in bits {
            if count % 8 == 0 { bytes.append(0) }
            bytes[bytes.count - 1] |= bit << UInt8(count % 8)
            count += 1
        }
    }
    add([1, 1, 0])  // last block, fixed codes
    add([0, 0, 1, 1, 0, 0, 0, 0])  // literal 0
    for _ in 0..<repeats {
        add([1, 1, 0, 0, 0, 1, 0, 1])  // length 258
        add([0, 0, 0, 0, 0])  // distance 1
    }
    add([0, 0, 0, 0, 0, 0, 0])  // end
    return bytes
}

@Suite(.timeLimit(.minutes(5))) struct EchoServerTests {
    @Test func `a failing address heals after the asked number of tries`() async throws {
        try await withEchoServer { _, port in
            let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
            var statuses: [Int] = []
            for _ in 0..<3 {
                let response = try await client.send(
                    HTTPRequest(url: "http://127.0.0.1:\(port)/fail?key=a&times=2&after=7")
                )
                statuses.append(response.status)
                #expect((response.header("retry-after") == "7") == (response.status == 503))
            }
            #expect(statuses == [503, 503, 200])
        }
    }

    @Test func `an order is made once per key, and the ledger counts every call`() async throws {
        try await withEchoServer { server, port in
            let client = HTTPClient(policy: AddressPolicy(allowed: ["127.0.0.1:\(port)"]))
            var ids: [JSONValue?] = []
            for key in ["a", "a", "b"] {
                let request = HTTPRequest(
                    method: "POST",
                    url: "http://127.0.0.1:\(port)/order?amount=12.5",
                    headers: [("Idempotency-Key", key)]
                )
                let order = try JSONValue(parsing: try await client.send(request).body)
                #expect(order["amount"] == 12.5)
                ids.append(order["id"])
            }
            #expect(ids[0] == ids[1] && ids[1] != ids[2])
            #expect(server.ledger.count(ofKey: "a") == 2)
            let ledger = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/ledger"))
            #expect(try JSONValue(parsing: ledger.body) == ["requests": 3, "orders": 2, "keys": ["a": 2, "b": 1]])
        }
    }

    @Test func `a stopped service can be started again`() throws {
        let server = EchoServer()
        let port = try server.start()
        #expect(throws: EchoServer.Failure.self) { try EchoServer().start(port: port) }
        server.stop()
        let again = EchoServer()
        #expect(try again.start(port: port) == port)
        again.stop()
    }
}
