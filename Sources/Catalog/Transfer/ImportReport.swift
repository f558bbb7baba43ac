// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What an import came to.
public struct ImportReport: Sendable {
    /// One definition of the archive.
    public struct Definition: Sendable, Equatable {
        /// Its name in the archive.
        public var name: String
        /// Its name here; another one when the first was taken.
        public var importedAs: String
        /// How many versions it has.
        public var versions: Int
        /// Whether it was there already, with all these versions; then nothing was changed.
        public var isKnown: Bool
    }
    /// The definitions, in the order of the archive.
    public var definitions: [Definition] = []
    /// Ids that were taken, and those their artifacts have here.
    public var renumbered: [ArtifactID: ArtifactID] = [:]
}
