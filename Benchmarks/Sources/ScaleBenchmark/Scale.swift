// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Measuring

/// A load, and what is asked of it.
struct Scale: Sendable {
    let id: String
    let name: String
    let goal: String
    /// Measures in a folder of its own; gives the figures as words.
    let run: @Sendable (String) async throws -> String

    init(_ id: String, _ name: String, goal: String, _ run: @escaping @Sendable (String) async throws -> String) {
        self.id = id
        self.name = name
        self.goal = goal
        self.run = run
    }
}

/// A line `NAME: NUMBER kB` of `/proc/self/status`, in MiB: `VmHWM` is the largest memory so far, `VmRSS` that of now.
func memory(_ name: String) -> Double { number("/proc/self/status", name) / 1024 }

/// Bytes that went through reads and writes so far, whatever the disk saw of them.
func transferredBytes() -> Double { number("/proc/self/io", "rchar") + number("/proc/self/io", "wchar") }

private func number(_ path: String, _ name: String) -> Double {
    guard let file = fopen(path, "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, 256, file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if text.hasPrefix(name + ":") { return Double(text.filter(\.isNumber)) ?? 0 }
    }
    return 0
}
