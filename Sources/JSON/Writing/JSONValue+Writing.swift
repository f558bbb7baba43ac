// Baton
// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Most documents fit, and it stays in the processor's first cache.
    private static var bufferSize: Int { 16 << 10 }

    /// The compact form: no white space, members in their order, doubles in the shortest form that reads as the same
    /// double (`1.0` keeps its point).
    public func bytes() -> [UInt8] {
        var result: [UInt8] = []
        write(into: &result)
        return result
    }

    /// Appends the compact form.
    public func write(into bytes: inout [UInt8]) {
        var buffer = ByteBuffer(capacity: Self.bufferSize)
        buffer.take(&bytes)
        buffer.append(compact: self)
        bytes = buffer.finish()
    }

    /// The compact form as text.
    public var text: String {
        var buffer = ByteBuffer(capacity: Self.bufferSize)
        buffer.append(compact: self)
        return buffer.finishText()
    }

    /// One member or element on each line, two spaces for each level, no line feed at the end.
    public var prettyText: String {
        var buffer = ByteBuffer(capacity: Self.bufferSize)
        buffer.append(pretty: self, indent: 0)
        return buffer.finishText()
    }

    /// The canonical form of RFC 8785: one spelling for equal values, fit to be hashed.
    ///
    /// - Parameter roundsIntegers: Whether integers beyond 2^53 are written as the nearest double, to the letter of
    ///   RFC 8785. By default they keep all their digits, so that different integers have different forms; then an
    ///   integer and a double of equal value beyond 2^53 can be spelled differently.
    public func canonicalBytes(roundsIntegers: Bool = false) -> [UInt8] {
        var writer = CanonicalWriter(roundsIntegers: roundsIntegers)
        writer.write(self)
        return writer.finish()
    }
}

extension JSONValue: CustomStringConvertible {
    /// The compact form.
    public var description: String { text }
}
