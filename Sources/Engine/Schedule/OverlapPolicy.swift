// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a schedule does when it fires and a run it started has not ended (spec 12.6).
public enum OverlapPolicy: String, Sendable, CaseIterable {
    /// Leaves the firing out.
    case skip
    /// Starts one run when the open one ends; leaves further firings out meanwhile.
    case bufferOne = "buffer_one"
    /// Starts a run for each firing, one after the other.
    case bufferAll = "buffer_all"
    /// Cancels the open run and starts when it has ended; of firings that wait for that the newest counts.
    case cancelOther = "cancel_other"
    /// Ends the open run at once and starts.
    case terminateOther = "terminate_other"
    /// Starts anyway.
    case allowAll = "allow_all"
}
