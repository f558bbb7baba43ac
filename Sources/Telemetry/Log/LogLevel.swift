// Baton
// SPDX-License-Identifier: Apache-2.0

/// How much a record matters.
public enum LogLevel: String, Sendable, Comparable, CaseIterable {
    /// For those who look for a defect.
    case debug
    /// What usually happens.
    case info
    /// Something is not as it should be; everything goes on.
    case warn
    /// Something failed.
    case error

    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// The more it matters the greater it is.
    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

/// How records are written; each takes one line.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `2026-01-31T09:30:00.250Z INFO the message run=run_01… name="a value"`.
    case text
    /// An object with `at`, `level`, `message` and the fields.
    case json
}
