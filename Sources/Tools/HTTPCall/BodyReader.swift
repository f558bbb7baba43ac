// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import Model

/// Makes a value of a body.
struct BodyReader {
    let parse: String

    func read(_ response: HTTPResponse) throws(TaskError) -> JSONValue {
        let type = (response.header("content-type") ?? "").prefix { $0 != ";" }.lowercased()
        let isJSON = type.hasSuffix("/json") || type.hasSuffix("+json")
        switch parse {
        case "bytes": return ["base64": .string(base64(response.body))]
        case "text": return .string(String(decoding: response.body, as: UTF8.self))
        case "json": return try json(response)
        default:
            if isJSON { return try json(response) }
            if response.body.isEmpty { return .null }
            let text = String(validating: response.body, as: UTF8.self)
            return text.map { .string($0) } ?? ["base64": .string(base64(response.body))]
        }
    }

    private func json(_ response: HTTPResponse) throws(TaskError) -> JSONValue {
        if response.body.isEmpty { return .null }
        do {
            return try JSONValue(parsing: response.body)
        } catch {
            throw TaskError(
                code: "output.invalid",
                errorClass: .permanent,
                message: "the body from \(response.url) is no JSON: \(error.message)",
                details: ["body": .string(String(decoding: response.body.prefix(1000), as: UTF8.self)), "sent": true]
            )
        }
    }
}
