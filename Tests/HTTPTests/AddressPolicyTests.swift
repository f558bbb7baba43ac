// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import Testing

@Suite struct AddressPolicyTests {
    @Test func `a URL that leads inside is refused by its text`() {
        let table: [(url: String, rule: String)] = [
            ("http://127.0.0.1/", "loopback"), ("http://2130706433/", "loopback"), ("http://0177.0.0.1/", "loopback"),
            ("http://0x7f.1/", "loopback"), ("http://0x7f000001/", "loopback"), ("http://127.1/", "loopback"),
            ("http://017700000001/", "loopback"), ("http://127.0.0.1./", "loopback"), ("http://0/", "unspecified"),
            ("http://0.0.0.0:8080/", "unspecified"), ("http://10.1.2.3/", "RFC 1918"),
            ("http://172.16.0.1/", "RFC 1918"),
            ("http://172.31.255.255/", "RFC 1918"), ("http://192.168.1.1/", "RFC 1918"),
            ("http://100.64.0.1/", "RFC 6598"),
            ("http://100.127.255.255/", "RFC 6598"), ("http://169.254.169.254/latest/", "link-local"),
            ("http://2852039166/", "link-local"), ("http://192.0.0.8/", "reserved"),
            ("http://192.0.2.1/", "documentation"),
            ("http://198.51.100.7/", "documentation"), ("http://203.0.113.9/", "documentation"),
            ("http://198.18.0.1/", "benchmark"), ("http://198.19.255.1/", "benchmark"), ("http://192.88.99.1/", "6to4"),
            ("http://224.0.0.1/", "multicast"), ("http://239.1.1.1/", "multicast"), ("http://240.0.0.1/", "reserved"),
            ("http://255.255.255.255/", "broadcast"), ("http://[::1]/", "loopback"), ("http://[::]/", "unspecified"),
            ("http://[::ffff:127.0.0.1]/", "loopback"), ("http://[::ffff:7f00:1]/", "loopback"),
            ("http://[::ffff:10.0.0.1]/", "RFC 1918"), ("http://[::127.0.0.1]/", "loopback"),
            ("http://[::8.8.8.8]/", "compatible"),
            ("http://[64:ff9b::10.0.0.1]/", "RFC 1918"), ("http://[64:ff9b:1::1]/", "NAT64"),
            ("http://[2002:7f00:1::]/", "loopback"),
            ("http://[2002:a00:1::1]/", "RFC 1918"), ("http://[fc00::1]/", "fc00::/7"),
            ("http://[fdff::1]/", "fc00::/7"),
            ("http://[fe80::1]/", "link-local"), ("http://[fec0::1]/", "site-local"),
            ("http://[ff02::1]/", "multicast"),
            ("http://[2001:db8::1]/", "documentation"), ("http://[2001::1]/", "reserved"),
            ("http://[100::1]/", "discard"),
            ("http://[4000::1]/", "reserved"), ("http://localhost/", "local name"),
            ("http://LOCALHOST./", "local name"),
            ("http://a.localhost:80/", "local name"), ("http://printer.local/", "local name"),
            ("http://db.internal/", "local name"), ("http://metadata.google.internal/", "metadata"),
            ("http://metadata/", "metadata"), ("http://instance-data/", "metadata"),
            ("http://user@example.com/", "user info"),
            ("http://user:pw@example.com/", "user info"), ("http://example.com@10.0.0.1/", "user info"),
            ("ftp://example.com/", "scheme"), ("file:///etc/passwd", "scheme"), ("gopher://example.com/", "scheme"),
            ("example.com", "scheme"), ("//example.com/", "scheme"), ("http:example.com", "scheme"),
            ("http://exa mple.com/", "characters"), ("http://example.com\\@10.0.0.1/", "characters"),
            ("http://example.com/\r\nX: 1", "characters"), ("http://ⓛocalhost/", "characters"),
            ("http://127。0。0。1/", "characters"), ("http://%31%30.0.0.1/", "host"), ("http:///", "host"),
            ("http://a..b/", "host"), ("http://[fe80::1%25eth0]/", "host"), ("http://1.2.3.4.5/", "host"),
            ("http://256.1.1.1/", "host"), ("http://0x/", "unspecified"), ("http://08.1.1.1/", "host"),
            ("http://::1/", "host"),
            ("http://example.com:0/", "port"), ("http://example.com:65536/", "port"),
            ("http://example.com:+80/", "port"),
            ("http://[::1/", "host"), ("http://[::1]x/", "host"), ("http://[1:2:3:4:5:6:7:8:9]/", "host"),
            ("http://example.com/" + String(repeating: "a", count: 8192), "length"),
        ]
        for (url, rule) in table {
            let refusal = AddressPolicy().refusal(ofURL: url)
            #expect(refusal?.contains(rule) == true, "\(url): \(refusal ?? "allowed")")
        }
    }

    @Test func `a public URL is not refused`() {
        let urls = [
            "http://example.com/", "https://example.com:8443/a?b=c#d", "http://8.8.8.8/", "http://[2606:4700::1111]/",
            "http://172.32.0.1/", "http://100.128.0.1/", "http://[64:ff9b::8.8.8.8]/", "http://[::ffff:8.8.8.8]/",
            "http://example.com?x=1", "http://xn--bcher-kva.example/", "http://a_b.example.com/", "HTTP://EXAMPLE.COM",
            "http://localhost.example.com/", "http://11.0.0.1/", "http://169.253.1.1/",
        ]
        for url in urls {
            let refusal = AddressPolicy().refusal(ofURL: url)
            #expect(refusal == nil, "\(url): \(refusal ?? "")")
        }
    }

    @Test func `an entry permits its host and port in every spelling, and nothing else`() {
        let policy = AddressPolicy(allowed: ["127.0.0.1:8080", "db.internal:5432", "[::1]:9000"])
        for url in [
            "http://127.0.0.1:8080/", "http://127.1:8080/", "http://0x7f000001:8080/", "http://DB.internal.:5432/x",
            "http://[0:0::1]:9000/",
        ] {
            #expect(policy.refusal(ofURL: url) == nil, "\(url)")
        }
        for url in [
            "http://127.0.0.1/", "http://127.0.0.1:8081/", "http://127.0.0.2:8080/", "http://db.internal/",
            "http://u@127.0.0.1:8080/",
        ] {
            #expect(policy.refusal(ofURL: url) != nil, "\(url)")
        }
        for entry in ["127.0.0.1:80", "a.b:443", "[::1]:9"] { #expect(AddressPolicy.isEntry(entry), "\(entry)") }
        for entry in ["127.0.0.1", "a.b:", "a.b:0", "http://a:80", "a:80/x", "u@a:80", "::1:80"] {
            #expect(!AddressPolicy.isEntry(entry), "\(entry)")
        }
    }

    @Test func `a relative reference is resolved like a browser does`() throws {
        let base = try HTTPURL("http://a.example:81/b/c/d?q")
        let table = [
            ("g", "http://a.example:81/b/c/g"), ("/g", "http://a.example:81/g"), ("//h/x", "http://h/x"),
            ("?y", "http://a.example:81/b/c/d?y"), ("../g", "http://a.example:81/b/g"),
            ("./g?a/../b", "http://a.example:81/b/c/g?a/../b"),
            ("../../../../g", "http://a.example:81/g"), ("https://x.example/", "https://x.example/"),
            ("#f", "http://a.example:81/b/c/d?q"),
            ("..", "http://a.example:81/b/"), ("a:80/x", "refused"), ("javascript:alert(1)", "refused"),
        ]
        for (reference, expected) in table {
            let result = (try? base.resolving(reference))?.description ?? "refused"
            #expect(result == expected, "\(reference)")
        }
    }
}
