// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer
import Reactor
import Synchronization
import TestSupport
import Testing

private let answers: HTTPHandler = { request in
    switch request.path {
    case ["large"]:
        return .stream { writer in
            for _ in 0..<160 { try await writer.write([UInt8](repeating: 65, count: 65536)) }
        }
    case ["trailers"]:
        return .stream { writer in
            try await writer.write("body")
            writer.setTrailers(["x-sum": "17"])
        }
    case ["broken"]:
        return .stream { writer in
            try await writer.write("body")
            throw CancellationError()
        }
    case ["who"]:
        return .text("\(request.version.rawValue) \(request.isSecure) \(request.authority ?? "")")
    default: return await echo(request)
    }
}

/// A certificate of its own for localhost.
private func makeIdentity(in folder: String) async -> TLSIdentity {
    let identity = TLSIdentity(certificateFile: "\(folder)/cert.pem", keyFile: "\(folder)/key.pem")
    _ = await shell(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
            + "-addext subjectAltName=DNS:localhost -keyout \(identity.keyFile) -out \(identity.certificateFile)"
    )
    return identity
}

@Suite(.timeLimit(.minutes(5))) struct HTTP2ClientTests {
    @Test(.enabled(if: has("curl"), "curl is not installed"))
    func `curl speaks HTTP2 without TLS`() async throws {
        try await withServer(handler: answers) { _, address in
            let url = "http://\(address)"
            let curl = "curl -sS --http2-prior-knowledge --max-time 20"
            #expect(await shell("\(curl) \(url)/who").output == "HTTP/2 false \(address)")
            #expect(await shell("\(curl) -d hello '\(url)/a?b'").output == "POST /a?b hello")
            #expect(await shell("\(curl) -I \(url)/x").output.contains("content-length: 8\r\n"))
            #expect(await shell("\(curl) '\(url)/a%zz' -o /dev/null -w '%{http_code}'").output == "400")
            #expect(await shell("\(curl) \(url)/large | wc -c").output.contains("10485760"))
            #expect(await shell("\(curl) \(url)/broken").code != 0)
            let upload = "head -c 1000000 /dev/zero | tr '\\0' x | \(curl) --data-binary @- \(url)/ | wc -c"
            #expect(await shell(upload).output.contains("1000007"))
            let tooLarge = "head -c 9000000 /dev/zero | \(curl) --data-binary @- -o /dev/null -w '%{http_code}' \(url)/"
            #expect(await shell(tooLarge).output.contains("413"))
        }
    }

    @Test(.enabled(if: has("nghttp") && has("h2load"), "nghttp2-client is not installed"))
    func `nghttp gets trailers, and h2load many streams at once`() async throws {
        try await withServer(handler: answers) { _, address in
            let verbose = await shell("nghttp -v http://\(address)/trailers")
            #expect(verbose.output.contains("x-sum: 17"))
            let load = await shell("h2load -n 20000 -c 8 -m 32 http://\(address)/many")
            #expect(load.output.contains("20000 succeeded, 0 failed"), "\(load.output)")
            let bodies = await shell(
                "head -c 20000 /dev/zero > /tmp/baton-body-\(getpid()); h2load -n 2000 -c 4 -m 16 "
                    + "-d /tmp/baton-body-\(getpid()) http://\(address)/many; rm /tmp/baton-body-\(getpid())"
            )
            #expect(bodies.output.contains("2000 succeeded, 0 failed"), "\(bodies.output)")
        }
    }

    @Test(.enabled(if: has("curl") && has("openssl"), "curl or openssl is not installed"))
    func `TLS serves both versions, and no old TLS`() async throws {
        let folder = TemporaryFolder()
        let identity = await makeIdentity(in: folder.path)
        try await withServer({ $0.endpoints = [.tls(host: "127.0.0.1", port: 0, identity)] }, handler: answers) {
            _,
            address in
            let port = try #require(address.port)
            let curl = "curl -sS --max-time 20 --cacert \(identity.certificateFile)"
            let url = "https://localhost:\(port)"
            #expect(await shell("\(curl) \(url)/who").output == "HTTP/2 true localhost:\(port)")
            #expect(await shell("\(curl) --http1.1 \(url)/who").output == "HTTP/1.1 true localhost:\(port)")
            #expect(await shell("\(curl) --no-alpn \(url)/who").output == "HTTP/1.1 true localhost:\(port)")
            for version in ["--http1.1", "--http2"] {
                #expect(await shell("\(curl) \(version) \(url)/large | wc -c").output.contains("10485760"))
                let upload =
                    "head -c 1000000 /dev/zero | tr '\\0' x | \(curl) \(version) --data-binary @- \(url)/ | wc -c"
                #expect(await shell(upload).output.contains("1000007"))
            }
            let old = "openssl s_client -connect 127.0.0.1:\(port) -tls1_1 -cipher ALL:@SECLEVEL=0 </dev/null"
            #expect(await shell(old).code != 0)
            let other = "openssl s_client -connect 127.0.0.1:\(port) -alpn smtp </dev/null"
            #expect(await shell(other).output.contains("no application protocol"))
            let plain = await exchange(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(!plain.contains("HTTP/1.1 200"))
        }
    }

    @Test(.enabled(if: has("openssl"), "openssl is not installed"))
    func `certificates that cannot be used stop the start in words`() async throws {
        let folder = TemporaryFolder()
        let other = TemporaryFolder()
        let good = await makeIdentity(in: folder.path)
        let foreign = await makeIdentity(in: other.path)
        let cases: [(String, String, String)] = [
            ("/nowhere/a.pem", good.keyFile, "cannot read /nowhere/a.pem: No such file or directory"),
            (good.certificateFile, "/nowhere/k.pem", "cannot read /nowhere/k.pem: No such file or directory"),
            (good.keyFile, good.keyFile, "cannot read a certificate in PEM form from \(good.keyFile): no start line"),
            (
                good.certificateFile, foreign.keyFile,
                "cannot use the key in \(foreign.keyFile) with the certificate in \(good.certificateFile): key values mismatch"
            ),
        ]
        for (certificate, key, message) in cases {
            let identity = TLSIdentity(certificateFile: certificate, keyFile: key)
            let configuration = ServerConfiguration(endpoints: [.tls(host: "127.0.0.1", port: 0, identity)])
            let error = await #expect(throws: ServerError.self) {
                _ = try await WebServer.start(configuration, handler: answers)
            }
            #expect(error?.code == .certificate)
            #expect(error?.message == message)
        }
        let taken = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        defer { taken.close() }
        let busy = ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: taken.address.port ?? 0)])
        let error = await #expect(throws: ServerError.self) { _ = try await WebServer.start(busy, handler: answers) }
        #expect(error?.code == .address)
    }

    @Test(.enabled(if: hasPython("httpx") && hasPython("h2"), "Python has no httpx with h2"))
    func `httpx works over both versions at once`() async throws {
        let folder = TemporaryFolder()
        let identity = await makeIdentity(in: folder.path)
        let script = """
            import asyncio, httpx, ssl, sys
            async def main():
                context = ssl.create_default_context(cafile=sys.argv[1])
                for http2 in (False, True):
                    async with httpx.AsyncClient(http2=http2, verify=context, timeout=20) as client:
                        async def one(number):
                            answer = await client.post(sys.argv[2] + f"/n?i={number}", content=b"x" * number)
                            assert answer.status_code == 200 and answer.text == f"POST /n?i={number} " + "x" * number
                            return answer.http_version
                        print(set(await asyncio.gather(*[one(n * 37) for n in range(100)])))
            asyncio.run(main())
            """
        let file = "\(folder.path)/client.py"
        let descriptor = open(file, O_WRONLY | O_CREAT, 0o600)
        write(descriptor, script, script.utf8.count)
        close(descriptor)
        try await withServer({ $0.endpoints = [.tls(host: "127.0.0.1", port: 0, identity)] }, handler: answers) {
            _,
            address in
            let port = try #require(address.port)
            let result = await shell("\(python) \(file) \(identity.certificateFile) https://localhost:\(port)")
            #expect(result.output == "{'HTTP/1.1'}\n{'HTTP/2'}\n")
        }
    }
}
