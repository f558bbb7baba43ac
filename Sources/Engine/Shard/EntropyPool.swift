// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// Random bits. From the system they are fetched in blocks, one call to the kernel for 32 draws instead of one each;
/// from a seed they are the same every time.
struct EntropyPool {
    private var bits: [UInt64] = []
    private var seed: UInt64?

    /// With a seed the draws are a fixed sequence (SplitMix64), for simulations.
    init(seed: UInt64? = nil) {
        self.seed = seed
    }

    mutating func next() -> UInt64 {
        if let seed { return drawn(from: seed) }
        if bits.isEmpty { refill() }
        return bits.removeLast()
    }

    private mutating func drawn(from seed: UInt64) -> UInt64 {
        let next = seed &+ 0x9e37_79b9_7f4a_7c15
        self.seed = next
        var mixed = (next ^ (next >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    private mutating func refill() {
        bits = [UInt64](repeating: 0, count: 32)
        bits.withUnsafeMutableBytes { buffer in
            // The kernel's generator cannot fail once the system is up; there is no caller who could do better.
            precondition(baton_random(buffer.baseAddress, buffer.count) == 0, "no random bits")
        }
    }
}
