// Baton
// SPDX-License-Identifier: Apache-2.0

/// How the process ends; scripts rely on it.
struct ExitCode: RawRepresentable, Hashable {
    let rawValue: Int32

    /// Done.
    static let ok = Self(rawValue: 0)
    /// The run failed or was cancelled.
    static let runFailed = Self(rawValue: 1)
    /// The command line, the definition or an input is wrong.
    static let usage = Self(rawValue: 2)
    /// There is no run, request, tool or file of that name.
    static let notFound = Self(rawValue: 3)
    /// The status does not allow it, or somebody was first.
    static let conflict = Self(rawValue: 4)
    /// The data folder cannot be used now: in use, full or damaged. Or the server does not answer.
    static let unavailable = Self(rawValue: 5)
    /// Not permitted.
    static let denied = Self(rawValue: 6)
    /// The budget is used up.
    static let budget = Self(rawValue: 7)
    /// A person has to answer first.
    static let needsPerson = Self(rawValue: 8)
    /// Stopped by Ctrl-C or `kill`; the run goes on when somebody resumes it.
    static let interrupted = Self(rawValue: 130)

    /// Every code of ours with what it means, in order.
    static let meanings: [(code: Self, meaning: String)] = [
        (.ok, "done"),
        (.runFailed, "the run failed or was cancelled"),
        (.usage, "the command line, the workflow or an input is wrong"),
        (.notFound, "there is nothing of that name"),
        (.conflict, "the status does not allow it, or somebody was first"),
        (.unavailable, "the data folder cannot be used now: in use, full or damaged; or the server does not answer"),
        (.denied, "not permitted, or not logged in"),
        (.budget, "the budget is used up"),
        (.needsPerson, "the run waits for a person"),
        (.interrupted, "interrupted; `baton run resume` continues the run, and one of a server goes on"),
    ]
}
