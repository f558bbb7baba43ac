// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer
import Testing

/// Bytes of memory this process has in use.
private func residentBytes() -> Int {
    let text = (try? readText("/proc/self/statm")) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
}

private func readText(_ path: String) throws -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let file = open(path, O_RDONLY)
    defer { close(file) }
    return String(decoding: buffer[..<max(0, read(file, &buffer, buffer.count))], as: UTF8.self)
}

@Suite(.timeLimit(.minutes(5))) struct MemoryTests {
    @Test func `a slow reader of a large answer costs little`() async throws {
        // In a process of its own, because other tests need memory at the same time.
        await #expect(processExitsWith: .success) {
            let handler: HTTPHandler = { _ in
                .stream { writer in
                    let chunk = [UInt8](repeating: 7, count: 65536)
                    for _ in 0..<16384 { try await writer.write(chunk) }
                }
            }
            try await withServer(handler: handler) { _, address in
                let before = residentBytes()
                let (count, growth) = await blocking {
                    let client = RawClient(address)
                    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    var (count, growth, reads) = (0, 0, 0)
                    while client.read() {
                        count += client.received.count
                        client.forget()
                        reads += 1
                        // Now and then it looks away, so that everything in between fills up.
                        if reads % 4096 == 1 { usleep(30_000) }
                        if reads % 512 == 0 { growth = max(growth, residentBytes() - before) }
                    }
                    return (count, growth)
                }
                #expect(count > 1 << 30)
                #expect(growth < 32 << 20)
            }
        }
    }
}
