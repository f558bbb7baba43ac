// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Opens secrets for executors in this process.
public protocol SecretSource: Sendable {
    /// The value of a secret for an attempt of a run.
    ///
    /// - Throws: `secret.missing`, which is fatal, when there is none or its key is not there.
    func value(_ name: String, for run: RunID) async throws(TaskError) -> [UInt8]
}

extension TaskError {
    /// A secret that cannot be had: the run cannot go on without a person (spec 3.8).
    public static func secretMissing(_ message: String) -> TaskError {
        TaskError(code: "secret.missing", errorClass: .fatal, message: message)
    }
}
