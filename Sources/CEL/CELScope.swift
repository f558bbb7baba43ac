// Baton
// SPDX-License-Identifier: Apache-2.0

/// What free identifiers of an expression mean.
public protocol CELScope {
    /// The variable's value, or nil when there is none of that name; reading it is then an error.
    func variable(_ name: String) -> CELValue?

    /// What stands for a secret of that name where expressions cannot have its value: `secret("NAME")` gives it. Nil where
    /// there is none; calling the function is then an error.
    func secret(_ name: String) -> String?
}

extension CELScope {
    /// There is none.
    public func secret(_ name: String) -> String? { nil }
}
