// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Glibc
import HTTP
import HTTPServer
import JSON
import Model
import Reactor
import Secrets
import StoreSQLite
import Synchronization
import Testing
import Threads

@testable import Tools

/// A thousand secrets go through programs that write them out in every common spelling, through errors, requests, agents and
/// what people see of them. None of them may be found anywhere afterwards.
@Suite(.offPool, .timeLimit(.minutes(5)), .enabled(if: access("/usr/bin/python3", X_OK) == 0, "Python is missing"))
struct CanaryTests {
    private static let threads = BlockingThreads(named: "canaries", count: 1)
    private static let count = 1000
    /// Secrets of one program.
    private static let group = 49

    @Test func `no secret is in a log, an event, a prompt, an export or a trace`() async throws {
        let echo = EchoServer()
        let echoPort = try echo.start()
        defer { echo.stop() }
        let traces = Mutex<[UInt8]>([])
        let collector = try await WebServer.start(.init(endpoints: [.tcp(host: "127.0.0.1", port: 0)])) { request in
            let bytes = (try? await request.body.collect(limit: 16 << 20)) ?? []
            traces.withLock { $0 += bytes }
            return HTTPResponse(status: 200, headers: [:], body: .bytes(Array("{}".utf8)))
        }
        let collectorPort = collector.addresses[0].port ?? 0
        let seen = try await Self.threads.run { Result { try Self.play(echoPort: echoPort, collectorPort) } }.get()
        await collector.stop(within: .zero)
        #expect(seen.problems == [])
        var places = seen.places
        places["traces"] = traces.withLock { $0 }
        let finder = CanaryFinder(Self.secrets)
        for (place, bytes) in places.sorted(by: { $0.key < $1.key }) {
            let found = finder.find(in: bytes)
            #expect(found.isEmpty, "\(place): \(found.prefix(5))")
            #expect(bytes.count > 100, "\(place) has \(bytes.count) bytes")
        }
        // What is no secret is found, and so would they be.
        let control = CanaryFinder(["the-control-canary-of-this-test"])
        for place in ["events", "export", "logs", "tasks", "data"] {
            #expect(!control.find(in: places[place] ?? []).isEmpty, "\(place)")
        }
        #expect(!CanaryFinder(["[secret]"]).find(in: places["events"] ?? []).isEmpty)
    }

    private static func secret(_ number: Int) -> String {
        var random = SeededRandom(seed: UInt64(number))
        let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        let letters = (1...14).map { _ in alphabet[Int(random.next() % 62)] }
        return "K\(number)/\"\\ +" + String(letters) + "é=&"
    }

    private static let secrets = (0..<count).map { secret($0) }

    /// Writes each of its secrets in all spellings to both streams, in two pieces, and ends as it is told.
    private static let program = """
        import os, base64, json, sys, time, urllib.parse
        for name in sorted(os.environ):
            if not name.startswith('S_'): continue
            text = os.environ[name]
            b = text.encode()
            forms = [text, base64.b64encode(b).decode(), base64.b64encode(b'x' + b).decode(),
                base64.b64encode(b'xy' + b).decode(), base64.urlsafe_b64encode(b'xyz' + b + b'z').decode(),
                urllib.parse.quote(text, safe=''), json.dumps(text), json.dumps(text, ensure_ascii=False), b.hex(),
                b.hex().upper()]
            for form in forms:
                for stream in (sys.stdout, sys.stderr):
                    stream.write('<' + form[:9])
                    stream.flush()
                    stream.write(form[9:] + '>')
        print('the-control-canary-of-this-test')
        sys.exit(int(sys.argv[1]))
        """

    private static func secret(named number: Int) -> JSONValue { .string("${ secret('S\(number)') }") }

    private static func document(_ echoPort: Int) -> JSONValue {
        var nodes: [JSONValue] = []
        var next = 0
        func take(_ count: Int) -> Range<Int> {
            defer { next += count }
            return next..<min(next + count, Self.count)
        }
        for number in 0..<20 {
            let variables = take(group).map { JSONObject.Member(key: "S_\($0)", value: secret(named: $0)) }
            nodes.append([
                "id": .string("t\(number)"), "type": "tool", "continue_on_failure": true, "timeout": "2m",
                "config": [
                    "tool": "shell.exec",
                    "args": [
                        "argv": ["/usr/bin/python3", "-c", .string(program), .string("\(number % 2 * 3)")],
                        "env": .object(JSONObject(members: variables)),
                    ],
                ],
            ])
        }
        let headers = take(Self.count).map { JSONObject.Member(key: "X-\($0)", value: secret(named: $0)) }
        nodes.append([
            "id": "h", "type": "http",
            "config": [
                "url": .string("http://127.0.0.1:\(echoPort)/echo"), "headers": .object(JSONObject(members: headers)),
            ],
        ])
        nodes.append([
            "id": "a", "type": "agent", "depends_on": .array((0..<20).map { .string("t\($0)") } + ["h"]),
            "join": "done",
            "config": [
                "agent": "analyst", "tools": [], "context": ["from": ["t0", "t2", "h"], "max_chars": 50_000],
                "prompt": "Say ${ nodes.t4.output.stdout } ${ nodes.t1.error.message } ${ nodes.h.output.body }",
            ],
        ])
        return ["workflow": "canaries", "nodes": .array(nodes)]
    }

    private struct Seen {
        var problems: [String] = []
        var places: [String: [UInt8]] = [:]
    }

    private static func play(echoPort: Int, _ collectorPort: Int) throws -> Seen {
        let folder = try CrashFolder("workflow: none\nnodes: []")
        let lock = try DataFolder(locking: folder.data, command: "test")
        let store = try SQLiteRunStore(in: lock)
        let ring = try #require(try Keyring.load(folder: folder.data, environment: [:], creates: true))
        let vault = SecretVault(store: store, ring: ring, now: { Timestamp(milliseconds: 1_800_000_000_000) })
        for (number, value) in secrets.enumerated() {
            _ = try vault.set("S\(number)", tenant: "default", value: Array(value.utf8), by: "user:test")
        }
        store.close()
        lock.unlock()
        let server = try ServerProcess(
            folder: folder.path,
            program: BatonProcess.path,
            variables: [
                "BATON_PROVIDERS": "{\"scripted\": {\"models\": [\"m\"]}}", "BATON_SANDBOX_REQUIRE": "false",
                "BATON_SANDBOX_NETWORK": "127.0.0.1:\(echoPort)", "BATON_TELEMETRY_LOG": "debug",
                "BATON_TELEMETRY_OTLP_ENDPOINT": "http://127.0.0.1:\(collectorPort)",
            ]
        )
        let api = API(port: server, folder: folder.path)
        var seen = Seen()
        let token = content("\(folder.data)/token").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let started = api.post("/v1/runs", ["document": document(echoPort)], token.trimmed)
        guard let id = started.json["id"]?.stringValue else {
            _ = server.stop()
            seen.problems.append("\(started.status) \(started.text.prefix(500))")
            return seen
        }
        for _ in 1...4 where api.get("/v1/runs/\(id)", token.trimmed).json["ended_at"]?.stringValue == nil {
            _ = api.get("/v1/runs/\(id)", token.trimmed, ["Prefer: wait=60"])
        }
        for (place, path) in [
            ("run", ""), ("tasks", "/details"), ("attempts", "/attempts"), ("events", "/events?limit=500"),
            ("export", "/export"), ("logs", "/logs"), ("state", "/state"), ("document", "/document"),
        ] {
            let reply = api.get("/v1/runs/\(id)\(path)", token.trimmed)
            if reply.status != 200 { seen.problems.append("\(place): \(reply.status) \(reply.text.prefix(200))") }
            seen.places[place] = Array(reply.text.utf8)
        }
        seen.places["list of secrets"] = Array(api.get("/v1/secrets", token.trimmed).text.utf8)
        let details = api.get("/v1/runs/\(id)/details", token.trimmed).json
        if details["status"] != "completed" { seen.problems.append("the run is \(details["status"] ?? .null)") }
        if server.stop() != 0 { seen.problems.append("the server did not stop in order") }
        seen.places["log of the server"] = content("\(folder.path)/server.err") ?? []
        var data: [UInt8] = []
        for name in files(beneath: folder.data) { data += content(name) ?? [] }
        seen.places["data"] = data
        return seen
    }

    private static func content(_ path: String) -> [UInt8]? {
        Descriptor(open(path, O_RDONLY | O_CLOEXEC))?.readAll(limit: 64 << 20)
    }

    private static func files(beneath folder: String) -> [String] {
        let names = Descriptor(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))?.entryNames() ?? []
        return names.flatMap { name -> [String] in
            let path = "\(folder)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0 else { return [] }
            if status.st_mode & S_IFMT == S_IFDIR { return files(beneath: path) }
            return status.st_mode & S_IFMT == S_IFREG && name != "secret.key" ? [path] : []
        }
    }
}

extension String {
    fileprivate var trimmed: String { String(prefix { !$0.isNewline }) }
}

/// Looks for texts in all their spellings.
private struct CanaryFinder {
    /// By the first eight bytes.
    private var needles: [UInt64: [(bytes: [UInt8], name: String)]] = [:]
    private var beginnings = [Bool](repeating: false, count: 65_536)

    init(_ texts: [String]) {
        for text in texts {
            let bytes = Array(text.utf8)
            add(bytes, "plain \(text)")
            guard bytes.count > 20 else { continue }
            let digits = Array("0123456789abcdef".utf8)
            add(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, "hex \(text)")
            add(Array(bytes.map(Self.hex).joined().utf8), "HEX \(text)")
            for offset in 0..<3 {
                for alphabet in [Base64.Alphabet.standard, .url] {
                    let shifted = Base64.encode([UInt8](repeating: 0x78, count: offset) + bytes, alphabet)
                    // Its ends depend on what is around it.
                    add(Array(shifted.utf8.dropFirst(4).dropLast(4)), "base 64 + \(offset) \(text)")
                }
            }
            add(Array(JSONValue.string(text).text.utf8.dropFirst().dropLast()), "JSON \(text)")
            let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
            let quoted = bytes.map { plain.contains($0) ? String(UnicodeScalar($0)) : "%" + Self.hex($0) }.joined()
            add(Array(quoted.utf8), "URL \(text)")
        }
    }

    private static func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16, uppercase: true)
        return text.count == 1 ? "0\(text)" : text
    }

    private mutating func add(_ bytes: [UInt8], _ name: String) {
        needles[Self.word(bytes, 0), default: []].append((bytes, name))
        beginnings[Int(bytes[0]) << 8 | Int(bytes[1])] = true
    }

    private static func word(_ bytes: [UInt8], _ start: Int) -> UInt64 {
        var word: UInt64 = 0
        for offset in 0..<8 { word = word << 8 | UInt64(bytes[start + offset]) }
        return word
    }

    func find(in bytes: [UInt8]) -> [String] {
        var found: [String] = []
        guard bytes.count >= 8 else { return found }
        for start in 0...(bytes.count - 8) where beginnings[Int(bytes[start]) << 8 | Int(bytes[start + 1])] {
            for needle in needles[Self.word(bytes, start)] ?? []
            where bytes[start...].starts(with: needle.bytes) {
                found.append(needle.name)
            }
        }
        return found
    }
}
