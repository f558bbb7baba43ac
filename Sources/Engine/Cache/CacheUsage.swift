// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// How full the cache of outputs is, as far as the loop knows.
struct CacheUsage: Sendable {
    /// Bytes of all outputs; `nil` until somebody has looked. Entries that were replaced count twice until then.
    var bytes: Int64?
    /// When ended entries are removed next.
    var sweepAt = Timestamp(milliseconds: 0)
}
