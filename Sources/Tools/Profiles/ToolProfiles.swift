// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The profiles of a process by name. They may be replaced while it works: a call is judged by those that were there when
/// its task began.
public final class ToolProfiles: Sendable {
    private let profiles: Mutex<[String: ToolProfile]>

    /// These; of two with one name the last counts.
    public init(_ list: [ToolProfile]) {
        profiles = Mutex(Self.named(list))
    }

    /// What there is now.
    public var all: [String: ToolProfile] { profiles.withLock { $0 } }

    /// Takes others in place of all.
    public func replace(_ list: [ToolProfile]) {
        let new = Self.named(list)
        profiles.withLock { $0 = new }
    }

    private static func named(_ list: [ToolProfile]) -> [String: ToolProfile] {
        Dictionary(list.map { ($0.name, $0) }) { $1 }
    }
}
