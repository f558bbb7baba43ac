// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What processor time a program and all it started have used, between two looks.
struct ProcessorTime {
    private var last: Int?

    /// Whether it has used a twentieth of `span` since the last look, which was about so long ago.
    ///
    /// - Parameter first: The first process of a namespace, all of whose processes count; or the leader of a group, whose
    ///   members do.
    mutating func isBusy(_ first: pid_t, hasNamespace: Bool, in span: Duration) -> Bool {
        let now = Self.ticks(first, hasNamespace)
        defer { last = now }
        let used = Double(now - (last ?? 0)) / Double(sysconf(Int32(_SC_CLK_TCK)))
        return used * 20 >= span / .seconds(1)
    }

    private static func ticks(_ first: pid_t, _ hasNamespace: Bool) -> Int {
        let namespace = hasNamespace ? link("/proc/\(first)/ns/pid") : nil
        let directory = Descriptor(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        var sum = 0
        for pid in directory?.entryNames().compactMap({ pid_t($0) }) ?? [] {
            let isInside = hasNamespace ? namespace != nil && link("/proc/\(pid)/ns/pid") == namespace : true
            guard isInside, let fields = stat(of: pid), hasNamespace || fields.group == first else { continue }
            sum += fields.ticks
        }
        return sum
    }

    /// The fields after the second one of `/proc/PID/stat`, which may hold any character, in parentheses.
    private static func stat(of pid: pid_t) -> (group: pid_t, ticks: Int)? {
        let file = Descriptor(open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC))
        let text = file?.readAll(limit: 4096).map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].split(separator: " ")
        guard fields.count > 15, let group = pid_t(fields[3]) else { return nil }
        // Of the process, and of its children that have ended.
        return (group, fields[12...15].reduce(0) { $0 + (Int($1) ?? 0) })
    }

    private static func link(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = readlink(path, start, 63)
            guard count > 0 else { return nil }
            return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
