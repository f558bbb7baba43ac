// Baton
// SPDX-License-Identifier: Apache-2.0

/// How programs are confined (spec 8.6, 11.4).
public struct SandboxSettings: Sendable, Hashable {
    /// What a program may change.
    public enum Mode: String, Sendable, CaseIterable {
        /// Nothing.
        case readOnly = "read_only"
        /// Its workspace.
        case workspace
    }

    /// What a program may change.
    public var mode: Mode
    /// Without a working sandbox nothing runs. `false` is an explicit choice, and results then say `sandboxed: false`.
    public var isRequired: Bool
    /// Paths besides the homes that programs do not see, such as the data folder. Neither a workspace nor a path to
    /// read may be such a path; one that lies inside is seen only if it is the workspace.
    public var hiddenPaths: [String]
    /// Paths inside hidden ones that are seen all the same, read-only.
    public var readPaths: [String]
    /// Places in the workspace that may change, when it is not all of it; absolute, and there when a program starts.
    public var writePaths: [String]?
    /// Places that nothing may see, also inside the workspace; absolute. What a pattern would have to name is not there.
    public var forbiddenPaths: [String] = []
    /// Limits of memory and processes hold for a program as a whole where the system has control groups for us.
    public var usesControlGroups = true
    /// Places that we show, read-only, wherever they lie but in forbidden ones; nobody else names them.
    public var shownPaths: [String] = []
    /// Variables of our own environment that programs get.
    public var environmentNames: [String]
    /// Programs see the network of this machine. Nothing guards where they go then.
    public var sharesNetwork = false
    /// The most that fits into `/tmp`, and into each other place in memory that may be written.
    public var temporaryBytes = 512 << 20
    /// The launcher, when it is not the `bwrap` of the search path.
    public var launcher: String?

    /// The default profile: the workspace is writable, isolation is required.
    public init(
        mode: Mode = .workspace,
        isRequired: Bool = true,
        hiddenPaths: [String] = [],
        readPaths: [String] = [],
        environmentNames: [String] = ["PATH", "LANG", "TERM"],
        launcher: String? = nil
    ) {
        self.mode = mode
        self.isRequired = isRequired
        self.hiddenPaths = hiddenPaths
        self.readPaths = readPaths
        self.environmentNames = environmentNames
        self.launcher = launcher
    }
}
