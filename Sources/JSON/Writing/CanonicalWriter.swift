// Baton
// SPDX-License-Identifier: Apache-2.0

/// Writes the canonical form of RFC 8785 value by value, for trees that are not made of JSON values.
///
/// The caller writes exactly one value; lists and objects write what is in them through closures.
public struct CanonicalWriter: ~Copyable {
    private var buffer: ByteBuffer
    private let roundsIntegers: Bool

    /// A writer that has written nothing.
    ///
    /// - Parameter roundsIntegers: Whether integers beyond 2^53 are written as the nearest double.
    public init(roundsIntegers: Bool = false) {
        // Most documents fit, and it stays in the processor's first cache.
        buffer = ByteBuffer(capacity: 16 << 10)
        self.roundsIntegers = roundsIntegers
    }

    /// What was written; the writer is empty then.
    public mutating func finish() -> [UInt8] { buffer.finish() }

    /// Writes a value.
    public mutating func write(_ value: JSONValue) {
        switch value {
        case .int(let int) where roundsIntegers && int.magnitude > 1 << 53: buffer.append(Double(int), .canonical)
        case .double(let double): buffer.append(double, .canonical)
        case .string(let text): buffer.append(quoted: text)
        case .array(let array): writeArray(count: array.count) { $0.write(array[$1]) }
        case .object(let object):
            let members = object.members
            writeObject(count: members.count, key: { members[$0].key }, value: { $0.write(members[$1].value) })
        default: buffer.append(compact: value)
        }
    }

    /// Writes text.
    public mutating func write(_ text: String) { buffer.append(quoted: text) }

    /// Writes a list.
    ///
    /// - Parameter element: Writes the element at a position.
    public mutating func writeArray(count: Int, element: (inout CanonicalWriter, Int) -> Void) {
        buffer.append(UInt8(ascii: "["))
        for position in 0..<count {
            if position > 0 { buffer.append(UInt8(ascii: ",")) }
            element(&self, position)
        }
        buffer.append(UInt8(ascii: "]"))
    }

    /// Writes an object, its members ordered by the UTF-16 code units of their names.
    ///
    /// - Parameters:
    ///   - key: The name at a position; no two are the same.
    ///   - value: Writes the value at a position.
    public mutating func writeObject(
        count: Int,
        key: (Int) -> String,
        value: (inout CanonicalWriter, Int) -> Void
    ) {
        buffer.append(UInt8(ascii: "{"))
        withUnsafeTemporaryAllocation(of: Name.self, capacity: count) { names in
            for position in 0..<count { names.initializeElement(at: position, to: Name(key(position), position)) }
            Self.sort(names)
            for place in 0..<count {
                if place > 0 { buffer.append(UInt8(ascii: ",")) }
                buffer.append(quoted: names[place].text)
                buffer.append(UInt8(ascii: ":"))
                value(&self, names[place].position)
            }
            names.deinitialize()
        }
        buffer.append(UInt8(ascii: "}"))
    }

    /// The name of a member. Only these are sorted: members are costly to move.
    private struct Name {
        let text: String
        let position: Int

        init(_ text: String, _ position: Int) {
            self.text = text
            self.position = position
        }
    }

    private static func sort(_ names: UnsafeMutableBufferPointer<Name>) {
        var names = names
        // In ASCII, bytes are code units; other texts are rare as names.
        guard names.allSatisfy(\.text.isASCII) else {
            return names.sort { $0.text.utf16.lexicographicallyPrecedes($1.text.utf16) }
        }
        guard names.count <= 16 else { return names.sort { $0.text < $1.text } }
        // Most objects are small and nearly sorted.
        for end in names.indices.dropFirst() {
            var place = end
            while place > 0, names[place].text < names[place - 1].text {
                names.swapAt(place, place - 1)
                place -= 1
            }
        }
    }
}
