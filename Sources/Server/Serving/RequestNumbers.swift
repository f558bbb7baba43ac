// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Names for requests, `req_` and 16 hexadecimal digits: they look random and none comes twice in a process (splitmix64),
/// but the system is asked for chance only once. Nothing is to be kept secret by them.
final class RequestNumbers: Sendable {
    private let state = Atomic<UInt64>(.random(in: .min ... .max))

    func next() -> String {
        let step: UInt64 = 0x9e37_79b9_7f4a_7c15
        var number = state.wrappingAdd(step, ordering: .relaxed).newValue
        number = (number ^ (number >> 30)) &* 0xbf58_476d_1ce4_e5b9
        number = (number ^ (number >> 27)) &* 0x94d0_49bb_1331_11eb
        number ^= number >> 31
        return String(unsafeUninitializedCapacity: 20) { buffer in
            for (index, byte) in "req_".utf8.enumerated() { buffer[index] = byte }
            for index in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * index)) & 15
                buffer[4 + index] = digit < 10 ? 48 + digit : 87 + digit
            }
            return 20
        }
    }
}
