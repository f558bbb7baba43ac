// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Model
import Telemetry
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct LogTests {
    /// What a log wrote.
    private static func written(
        _ format: LogFormat,
        level: LogLevel = .info,
        mask: @escaping @Sendable (String) -> String = { $0 },
        _ body: (Log) -> Void
    ) async throws -> [String] {
        let folder = TemporaryFolder()
        let descriptor = open("\(folder.path)/log", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let log = Log(level: level, format: format, descriptor: descriptor, mask: mask) {
            Timestamp(milliseconds: 1_769_851_800_250)
        }
        body(log)
        await log.flush()
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func `a record is one line of text`() async throws {
        let lines = try await Self.written(.text) { log in
            log.record(.info, "run started", ["run": "run_01", "task": "a b", "n": 3, "empty": ""])
            log.record(.debug, "not this one")
            log.record(.error, "two\nlines \u{1b}[31m", ["who": "x\"y\n", "list": [1, "b"]])
        }
        #expect(
            lines == [
                #"2026-01-31T09:30:00.250Z INFO run started run=run_01 task="a b" n=3 empty="""#,
                #"2026-01-31T09:30:00.250Z ERROR two\nlines \u{1b}[31m who="x\"y\n" list=[1,"b"]"#,
            ]
        )
    }

    @Test func `a record is one line of JSON`() async throws {
        let lines = try await Self.written(.json, level: .debug) { log in
            log.record(.debug, "two\nlines", ["trace": "ab", "level": 9])
        }
        #expect(
            lines == [
                #"{"at":"2026-01-31T09:30:00.250Z","level":"debug","message":"two\nlines","trace":"ab","level_":9}"#
            ]
        )
    }

    @Test func `secrets are masked and long texts cut`() async throws {
        let lines = try await Self.written(.json, mask: { $0.replacing("hunter2", with: "[secret]") }) { log in
            log.record(
                .warn,
                "password hunter2",
                ["a": ["b": ["hunter2", 5]], "long": .string(.init(repeating: "é", count: 9000))]
            )
        }
        let line = try JSONValue(parsing: lines[0])
        #expect(line["message"] == "password [secret]" && line["a"]?["b"]?[0] == "[secret]")
        #expect(line["long"]?.stringValue?.utf8.count == 8192 + 3)
        #expect(!lines[0].contains("hunter2"))
    }

    @Test func `the level changes while it is used, and what is off is not even computed`() async throws {
        let lines = try await Self.written(.text, level: .error) { log in
            log.record(
                .warn,
                {
                    Issue.record("computed"); return ""
                }()
            )
            log.level = .debug
            #expect(log.level == .debug && log.isOn(.debug))
            log.record(.debug, "now")
        }
        #expect(lines.count == 1)
    }

    @Test func `nobody waits for a reader that is slow, and what was dropped is said`() async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        defer { close(reader) }
        let log = Log(level: .info, format: .text, descriptor: writer, capacity: 100)
        let text = String(repeating: "x", count: 4000)
        let start = ContinuousClock.now
        for _ in 0..<2000 { log.record(.info, text) }
        #expect(ContinuousClock.now - start < .seconds(2))
        // A pipe holds 64 KiB, so that nearly everything is still to be written or was dropped.
        // Off the thread of the test, which waits for the log meanwhile: reading the pipe blocks.
        let drain = Task.detached {
            var (buffer, all) = ([UInt8](repeating: 0, count: 65536), [UInt8]())
            while !String(decoding: all.suffix(200), as: UTF8.self).contains("dropped=") {
                let count = read(reader, &buffer, buffer.count)
                guard count > 0 else { break }
                all += buffer[..<count]
            }
            return String(decoding: all, as: UTF8.self)
        }
        await log.flush(within: .seconds(20))
        log.record(.info, "the end")
        let output = await drain.value
        close(writer)
        let written = output.split(separator: "\n")
        let kept = written.filter { $0.contains("xxx") }.count
        let dropped = written.last { $0.contains("dropped=") }?.split(separator: "=").last.flatMap { Int($0) } ?? 0
        #expect(dropped > 0 && kept >= 100 && kept + dropped <= 2000)
    }
}
