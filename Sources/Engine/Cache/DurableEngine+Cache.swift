// Baton
// SPDX-License-Identifier: Apache-2.0

extension DurableEngine {
    /// Removes outputs from the cache, so that they are computed again. Returns how many there were.
    ///
    /// - Throws: `unavailable`, `storageFull`, `draining`.
    public func invalidateCache(_ selection: CacheSelection) async throws(EngineError) -> Int {
        try await ask { .again(.invalidateCache(selection, $0)) }
    }
}
