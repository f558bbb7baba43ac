// Baton
// SPDX-License-Identifier: Apache-2.0

/// Random bytes that nobody can guess: those of the system.
public enum SecureRandom {
    /// That many bytes. Waits only early in the start of the system, until it has gathered enough randomness.
    public static func bytes(_ count: Int) -> [UInt8] {
        // The standard library promises bytes of getrandom(2) here, and stops the process when there are none.
        var source = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &source) }
    }
}
