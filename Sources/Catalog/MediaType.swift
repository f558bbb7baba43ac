// Baton
// SPDX-License-Identifier: Apache-2.0

/// Media types of what the catalogue keeps (spec 5).
public enum MediaType {
    /// Canonical JSON of a definition's document.
    public static let workflow = "application/vnd.baton.workflow+json"
    /// Canonical JSON of a compiled graph.
    public static let graph = "application/vnd.baton.ir+json"
    /// JSON of a patch, its members in the order they were written in.
    public static let patch = "application/vnd.baton.patch+json"
}
