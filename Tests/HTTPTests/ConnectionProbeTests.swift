// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTP

@Suite struct ConnectionProbeTests {
    private func code(_ target: String, _ policy: AddressPolicy) async -> HTTPClientError.Code? {
        do throws(HTTPClientError) {
            try await ConnectionProbe.connect(to: target, policy: policy, timeout: .seconds(300))
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `a connection is made where the policy permits, and nowhere else`() async throws {
        let echo = EchoServer()
        let port = try echo.start(port: 0)
        let target = "127.0.0.1:\(port)"
        #expect(await code(target, AddressPolicy(allowed: [target])) == nil)
        #expect(await code("localhost:\(port)", AddressPolicy(allowed: ["localhost:\(port)"])) == nil)
        #expect(await code(target, AddressPolicy()) == .blocked)
        #expect(await code("169.254.169.254:80", AddressPolicy()) == .blocked)
        #expect(await code("localhost:\(port)", AddressPolicy()) == .blocked)
        echo.stop()
        #expect(await code(target, AddressPolicy(allowed: [target])) == .unreachable)
        for wrong in ["", "host", "host:", "http://host:80", "host:80/path"] {
            #expect(await code(wrong, AddressPolicy()) == .invalid, "\(wrong)")
        }
    }
}
