// Baton
// SPDX-License-Identifier: Apache-2.0

/// A list of findings, written as they are found: up to 1,000, because a document full of mistakes is not worth an
/// answer larger than itself.
struct Findings {
    private static let limit = 1_000

    private var writer = JSONWriter()
    private var count = 0

    init() { writer.beginArray() }

    /// Adds an object whose members `body` writes.
    mutating func add(_ body: (inout JSONWriter) -> Void) {
        count += 1
        guard count <= Self.limit else { return }
        writer.beginObject()
        body(&writer)
        writer.endObject()
    }

    /// Adds a diagnostic (spec 4.2).
    ///
    /// - Parameter more: Writes further members.
    mutating func report(
        _ code: StaticString,
        _ place: Place,
        _ message: Message,
        more: (inout JSONWriter) -> Void = { _ in }
    ) {
        add { writer in
            writer.member("code", code)
            writer.member("severity", code.utf8Start.pointee == UInt8(ascii: "E") ? "error" : "warning")
            writer.member("message", message.bytes[...])
            writer.member("path", place)
            more(&writer)
        }
    }

    /// An object with the list under `key`, and how many more there are.
    func answer(_ key: StaticString) -> [UInt8] {
        var list = writer
        list.endArray()
        var answer = JSONWriter()
        answer.beginObject()
        answer.key(key)
        answer.raw(list.bytes)
        answer.member("omitted", Int64(max(0, count - Self.limit)))
        answer.endObject()
        return answer.bytes
    }
}
