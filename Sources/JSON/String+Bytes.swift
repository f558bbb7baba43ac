// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

extension String {
    /// Whether both are the same Unicode scalars. `==` also accepts canonical equivalents, such as `é` in its one-scalar
    /// and two-scalar forms, which are different names to JSON.
    func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && hasSameBytes(asEquivalent: other)
    }

    /// The same for texts of the same length.
    func hasSameBytes(asEquivalent other: String) -> Bool {
        let isEqual = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                return memcmp(left, right, other.utf8.count) == 0
            }
        }
        return (isEqual ?? nil) ?? utf8.elementsEqual(other.utf8)
    }

    /// Of the texts that `==` calls equal to an ASCII text, only that text itself is as long.
    var isASCII: Bool { utf8.count == utf16.count }

    /// Feeds the UTF-8 form and its length to the hasher; agrees with ``hasSameBytes(as:)``.
    func hashBytes(into hasher: inout Hasher) {
        let done: Void? = utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        if done == nil { for byte in utf8 { hasher.combine(byte) } }
        hasher.combine(utf8.count)
    }
}
