// Baton
// SPDX-License-Identifier: Apache-2.0

/// Which kept signals are wanted.
public struct SignalFilter: Sendable {
    /// Only to that target.
    public var target: String?
    /// Only of that type.
    public var type: String?
    /// Only with that correlation.
    public var correlation: String?
    /// At most that many.
    public var limit = 100

    /// All signals, the first 100.
    public init() {}

    /// Whether the filter lets a signal through.
    func fits(_ row: SignalRow) -> Bool {
        (target.map { row.key.target == $0 } ?? true) && (type.map { row.type == $0 } ?? true)
            && (correlation.map { row.correlation == $0 } ?? true)
    }
}
