// Baton
// SPDX-License-Identifier: Apache-2.0

/// Which of the two kinds of protocol a server speaks, and which version of it.
public enum Era: Sendable, Hashable {
    /// Every request stands for itself and says its version and its client.
    case modern(String)
    /// A session that begins with `initialize`.
    case session(String)

    /// Versions of the first kind, the oldest first.
    public static let modernVersions = ["2026-07-28"]
    /// Versions of the second kind, the oldest first.
    public static let sessionVersions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]

    static let newestModern = modernVersions[modernVersions.count - 1]
    static let newestSession = sessionVersions[sessionVersions.count - 1]

    /// The date that names it.
    public var version: String {
        switch self {
        case .modern(let version), .session(let version): version
        }
    }

    /// Requests stand for themselves.
    public var isModern: Bool {
        if case .modern = self { true } else { false }
    }
}
