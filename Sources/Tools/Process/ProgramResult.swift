// Baton
// SPDX-License-Identifier: Apache-2.0

/// How a program ended and what it wrote.
public struct ProgramResult: Sendable, Equatable {
    /// How the process ended.
    public enum Ending: Sendable, Equatable {
        /// By itself, with that code.
        case exited(Int32)
        /// By that signal.
        case signalled(Int32)
    }

    /// Why it was stopped before it ended by itself.
    public enum StopReason: Sendable, Equatable {
        /// ``ProgramLimits/timeout`` was over.
        case timeout
        /// The caller cancelled.
        case cancelled
        /// Nothing was heard of it for too long, see ``ProgramWatch``.
        case silence
        /// It wrote too much.
        case output
        /// It had said all, and did not end.
        case ended
    }

    /// How the process ended.
    public let ending: Ending
    /// Set when we ended it.
    public let stopReason: StopReason?
    /// Standard output.
    public let output: CapturedOutput
    /// Standard error.
    public let errors: CapturedOutput
    /// From start to end.
    public let duration: Duration
    /// The kernel ended one of its processes because together they had more memory than the limit.
    public let ranOutOfMemory: Bool
    /// What it wrote to the descriptor after the last inherited one, if ``Program/writesReport``.
    let report: CapturedOutput

    /// The exit code; 128 and the number for a signal, as shells have it.
    public var exitCode: Int {
        switch ending {
        case .exited(let code): Int(code)
        case .signalled(let number): 128 + Int(number)
        }
    }
}
