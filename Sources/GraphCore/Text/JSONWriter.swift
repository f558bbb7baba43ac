// Baton
// SPDX-License-Identifier: Apache-2.0

/// Writes JSON text without white space. Whoever calls sees to it that containers are closed in order.
///
/// What is called in hundreds of places is not inlined: that would be a third of the WebAssembly module.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    mutating func beginObject() { open("{") }
    mutating func endObject() { close("}") }
    mutating func beginArray() { open("[") }
    mutating func endArray() { close("]") }

    @inline(never)
    mutating func key(_ key: StaticString) {
        separate()
        bytes.append("\"")
        bytes.append(key)
        bytes.append("\":")
        needsComma = false
    }

    @inline(never)
    mutating func member(_ key: StaticString, _ text: StaticString) {
        self.key(key)
        value(text)
    }

    @inline(never)
    mutating func member(_ key: StaticString, _ number: Int64) {
        self.key(key)
        value(number)
    }

    @inline(never)
    mutating func member(_ key: StaticString, _ text: ArraySlice<UInt8>) {
        self.key(key)
        value(text)
    }

    mutating func null() { literal("null") }

    mutating func value(_ value: Bool) { literal(value ? "true" : "false") }

    mutating func value(_ value: Int) { self.value(Int64(value)) }

    @inline(never)
    mutating func value(_ value: Int64) {
        separate()
        bytes.append(decimal: value)
    }

    @inline(never)
    mutating func value(_ text: StaticString) { string { $0.append(text) } }

    @inline(never)
    mutating func value(_ text: ArraySlice<UInt8>) {
        string { bytes in
            for byte in text { bytes.append(escaped: byte) }
        }
    }

    /// JSON text as it is.
    mutating func raw(_ json: [UInt8]) {
        separate()
        bytes += json
    }

    /// A string of what `write` appends, which must need no escapes.
    mutating func string(_ write: (inout [UInt8]) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        write(&bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    @inline(never)
    private mutating func literal(_ text: StaticString) {
        separate()
        bytes.append(text)
    }

    @inline(never)
    private mutating func open(_ bracket: StaticString) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    @inline(never)
    private mutating func close(_ bracket: StaticString) {
        bytes.append(bracket)
        needsComma = true
    }

    @inline(never)
    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}

extension [UInt8] {
    fileprivate mutating func append(escaped byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            append(UInt8(ascii: "\\"))
            append(byte)
        case 0..<0x20:
            append("\\u00")
            append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            append((byte & 15) + (byte & 15 < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
        default: append(byte)
        }
    }
}
