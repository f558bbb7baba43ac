// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// Random bits of the system, fetched in blocks: one call to the kernel for 32 draws instead of one each.
struct EntropyPool {
    private var bits: [UInt64] = []

    mutating func next() -> UInt64 {
        if bits.isEmpty { refill() }
        return bits.removeLast()
    }

    private mutating func refill() {
        bits = [UInt64](repeating: 0, count: 32)
        bits.withUnsafeMutableBytes { buffer in
            // The kernel's generator cannot fail once the system is up; there is no caller who could do better.
            precondition(baton_random(buffer.baseAddress, buffer.count) == 0, "no random bits")
        }
    }
}
