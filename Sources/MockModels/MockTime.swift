// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model

/// When a batch was made.
enum MockTime {
    /// Seconds since 1970.
    static func now() -> Int64 { Int64(time(nil)) }

    /// RFC 3339.
    static func text(_ seconds: Int64) -> String { Timestamp(milliseconds: seconds * 1000).description }
}
