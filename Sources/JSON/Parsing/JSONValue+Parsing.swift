// Baton
// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Reads a JSON document (RFC 8259) in UTF-8 without byte order mark.
    ///
    /// A name that an object holds twice is refused. Integers outside 64 bits become the nearest double.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .init()) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in try Parser.parse(buffer, limits) }
    }

    /// Reads a JSON document from part of a larger buffer; the place in an error counts from the start of the part.
    public init(parsing bytes: ArraySlice<UInt8>, limits: JSONLimits = .init()) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in try Parser.parse(buffer, limits) }
    }

    /// Reads a JSON document from text.
    public init(parsing text: String, limits: JSONLimits = .init()) throws(JSONError) {
        var text = text
        let result = text.withUTF8 { buffer in
            Result { () throws(JSONError) in try Parser.parse(buffer, limits) }
        }
        self = try result.get()
    }
}
