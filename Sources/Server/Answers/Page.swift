// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import JSON

extension HTTPResponse {
    /// A JSON value.
    static func json(_ value: JSONValue, status: Int = 200, headers: HTTPHeaders = HTTPHeaders()) -> HTTPResponse {
        .json(value.bytes(), status: status, headers: headers)
    }

    /// A page of a list: `{items, next_cursor}`; no cursor is the end.
    static func page(_ items: [JSONValue], next cursor: String?) -> HTTPResponse {
        .json(.object(["items": .array(items), "next_cursor": cursor.map(JSONValue.string) ?? .null]))
    }

    /// That something was done, with the number of the last event it left.
    static func accepted(sequence: Int64, _ more: JSONObject = [:], status: Int = 200) -> HTTPResponse {
        var body = more
        body["run_seq"] = .int(sequence)
        return .json(.object(body), status: status)
    }
}
