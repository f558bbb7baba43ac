// Baton
// SPDX-License-Identifier: Apache-2.0

import Driver
import JSON

// Whatever parses keeps its value through every way of writing it, and its canonical form is final.
fuzz { start, count in
    guard let value = try? JSONValue(parsing: bytes(start, count)) else { return 0 }
    for (name, text) in [("compact", value.bytes()), ("pretty", Array(value.prettyText.utf8))] {
        let again = try? JSONValue(parsing: text)
        require(again == value, "the \(name) form has another value")
    }
    let canonical = value.canonicalBytes()
    let final = try? JSONValue(parsing: canonical).canonicalBytes()
    require(final == canonical, "the canonical form is not final")
    return 0
}
