// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why no answer can be given. A class, so that every call that may fail hands on one word.
final class GraphFailure: Error {
    /// As in diagnostics.
    let code: StaticString
    let message: Message
    /// The byte of the input where it was found.
    let offset: Int

    init(_ code: StaticString, _ message: Message, at offset: Int) {
        self.code = code
        self.message = message
        self.offset = offset
    }

    func answer() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("error")
        writer.beginObject()
        writer.member("code", code)
        writer.member("message", message.bytes[...])
        writer.member("offset", Int64(offset))
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}
