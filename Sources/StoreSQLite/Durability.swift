// Baton
// SPDX-License-Identifier: Apache-2.0

/// What an acknowledged commit survives.
public enum Durability: String, Sendable, CaseIterable {
    /// A killed process and a power cut: every commit is flushed.
    case full
    /// A killed process. A power cut may take the last moments, never more: what is left is a prefix.
    case relaxed

    /// The value of SQLite's pragma.
    var synchronous: String {
        switch self {
        case .full: "FULL"
        case .relaxed: "NORMAL"
        }
    }
}
