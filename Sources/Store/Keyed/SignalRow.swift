// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A signal that came before anybody waited for it (spec 6.5).
public struct SignalRow: Sendable, Equatable {
    /// Names a signal: to one target no two have the same dedupe key.
    public struct Key: Sendable, Hashable {
        /// Whom it is for: the id of a run, or what the sender names instead, for example `workflow:order`.
        public var target: String
        /// Chosen by the sender.
        public var dedupeKey: String

        /// Names a signal.
        public init(target: String, dedupeKey: String) {
            self.target = target
            self.dedupeKey = dedupeKey
        }
    }
    /// Whom it is for, and its dedupe key.
    public var key: Key
    /// The run, when the target is one; the signal then goes with the run.
    public var runKey: Int64?
    /// What kind of signal it is.
    public var type: String
    /// Which of several waits of one type it is for.
    public var correlation: String?
    /// JSON: `{"value": …}` or `{"blob": {"hash", "size"}}`.
    public var payload: [UInt8]
    /// When it came.
    public var arrivedAt: Timestamp

    /// Puts a row together.
    public init(
        key: Key,
        runKey: Int64? = nil,
        type: String,
        correlation: String? = nil,
        payload: [UInt8],
        arrivedAt: Timestamp
    ) {
        self.key = key
        self.runKey = runKey
        self.type = type
        self.correlation = correlation
        self.payload = payload
        self.arrivedAt = arrivedAt
    }
}
