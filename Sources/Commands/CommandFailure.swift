// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model
import Store

/// Why a command ends with another exit code than 0, in words for the person who typed it.
struct CommandFailure: Error {
    let exit: ExitCode
    /// The problem code of spec 10.8.
    let code: String
    /// One sentence.
    let message: String
    /// What to do.
    var hint: String?
    /// More for those who look closely.
    var details: JSONValue?

    init(_ exit: ExitCode, _ code: String, _ message: String, hint: String? = nil) {
        self.exit = exit
        self.code = code
        self.message = message
        self.hint = hint
    }

    static func usage(_ message: String, hint: String? = nil) -> Self {
        Self(.usage, "usage", message, hint: hint)
    }

    static func invalid(_ message: String, hint: String? = nil) -> Self {
        Self(.usage, "validation.failed", message, hint: hint)
    }

    static func notFound(_ message: String, hint: String? = nil) -> Self {
        Self(.notFound, "not_found", message, hint: hint)
    }

    init(_ error: UsageError) {
        self = .usage(error.message, hint: error.hint)
    }

    init(_ error: EngineError) {
        let hint: String? =
            switch error.code {
            case .storageFull: Self.fullDisk
            case .corrupted: "`baton doctor` checks the data folder"
            case .unavailable, .notFound, .conflict, .leaseLost, .taskTaken, .humanTaskClosed, .invalid,
                .idempotencyMismatch, .draining:
                nil
            }
        let message = ([error.message] + error.violations.map(\.description)).joined(separator: "\n  ")
        self.init(Self.exit(error.code), error.code.rawValue, message, hint: hint)
    }

    init(_ error: StoreError) {
        switch error.code {
        case .full: self.init(.unavailable, "storage.full", error.message, hint: Self.fullDisk)
        case .corrupted, .missing:
            self.init(.unavailable, "internal", error.message, hint: "`baton doctor` checks the data folder")
        case .locked: self.init(.unavailable, "store.unavailable", error.message, hint: Self.inUse)
        case .newer, .conflict, .failed: self.init(.unavailable, "store.unavailable", error.message)
        }
    }

    static let fullDisk = "nothing that was acknowledged is lost"
    private static let inUse =
        "reading works meanwhile (run list, get, events, logs, explain); --data FOLDER chooses another folder"

    private static func exit(_ code: EngineError.Code) -> ExitCode {
        switch code {
        case .notFound: .notFound
        case .conflict, .leaseLost, .taskTaken, .humanTaskClosed: .conflict
        case .invalid, .idempotencyMismatch: .usage
        case .storageFull, .unavailable, .draining, .corrupted: .unavailable
        }
    }
}
