// Baton
// SPDX-License-Identifier: Apache-2.0

/// What free identifiers of an expression mean.
public protocol CELScope {
    /// The variable's value, or nil when there is none of that name; reading it is then an error.
    func variable(_ name: String) -> CELValue?
}
