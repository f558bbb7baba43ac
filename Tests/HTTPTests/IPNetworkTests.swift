// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import Testing

@Suite struct IPNetworkTests {
    @Test func `a range holds what its prefix says`() throws {
        let cases: [(range: String, inside: [String], outside: [String])] = [
            ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["11.0.0.0", "::1"]),
            ("10.1.2.3", ["10.1.2.3"], ["10.1.2.2"]),
            ("0.0.0.0/0", ["1.2.3.4"], ["::1"]),
            ("::/0", ["::1", "2001:db8::1"], ["1.2.3.4"]),
            ("2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1", "2001:db9::1"]),
            ("2001:db8::/100", ["2001:db8::0fff:ffff"], ["2001:db8::1fff:ffff", "2001:db8:0:1::1"]),
            ("::1", ["::1"], ["::2", "1::1"]),
        ]
        for (text, inside, outside) in cases {
            let range = try #require(IPNetwork(text))
            for address in inside { #expect(range.contains(try #require(IPAddress(address))), "\(text) \(address)") }
            for address in outside { #expect(!range.contains(try #require(IPAddress(address))), "\(text) \(address)") }
        }
        for text in ["", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "host/8"] {
            #expect(IPNetwork(text) == nil, "\(text)")
        }
    }
}
