// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// An open file; closed when the last owner lets go.
final class Descriptor: Sendable {
    let number: Int32

    /// Takes an open descriptor over; `nil` for the -1 of a failed call.
    init?(_ number: Int32) {
        guard number >= 0 else { return nil }
        self.number = number
    }

    deinit {
        close(number)
    }

    /// Both ends of a pipe, or `nil` when there are no descriptors left.
    static func pipe() -> (reader: Descriptor, writer: Descriptor)? {
        var ends: [Int32] = [-1, -1]
        guard baton_pipe(&ends) == 0, let reader = Descriptor(ends[0]), let writer = Descriptor(ends[1]) else {
            return nil
        }
        return (reader, writer)
    }

    /// Reads and writes of this end return at once; the other end of a pipe is not changed.
    func makeNonBlocking() {
        _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
    }
}
