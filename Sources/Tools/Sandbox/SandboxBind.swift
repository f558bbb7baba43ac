// Baton
// SPDX-License-Identifier: Apache-2.0

/// A folder of ours that a confined program may change, besides its workspace.
public struct SandboxBind: Sendable, Hashable {
    /// An absolute path of an existing folder.
    public var folder: String
    /// Where the program sees it: an absolute path, in a place that is covered by an empty one or exists.
    public var place: String
    /// It is the program's home, in place of the private one that is gone afterwards.
    public var isHome: Bool

    /// A folder and its place.
    public init(folder: String, place: String, isHome: Bool = false) {
        self.folder = folder
        self.place = place
        self.isHome = isHome
    }
}
