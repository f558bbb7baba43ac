// Baton
// SPDX-License-Identifier: Apache-2.0

/// What an audit looked at, and what is wrong.
public struct AuditReport: Sendable, Equatable {
    /// Runs whose logs were read.
    public var runs = 0
    /// Events in them.
    public var events: Int64 = 0
    /// Blobs that are stored, each read and compared with its hash.
    public var blobs = 0
    /// Their bytes.
    public var blobBytes: Int64 = 0
    /// Places at which rows and events name blobs.
    public var references = 0
    /// Texts of attempts that are named and not there; their time was over.
    public var removedLogs = 0
    /// What is wrong, a sentence each; the first ``problemLimit``.
    public var problems: [String] = []
    /// How much is wrong.
    public var problemCount = 0

    /// So many problems are told.
    public static let problemLimit = 100

    /// A report of nothing.
    public init() {}

    /// Nothing is wrong.
    public var isWhole: Bool { problemCount == 0 }

    /// Notes a problem.
    public mutating func add(_ problem: String) {
        problemCount += 1
        if problems.count < Self.problemLimit { problems.append(problem) }
    }
}
