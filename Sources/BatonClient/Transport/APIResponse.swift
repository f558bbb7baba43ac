// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// An answer of the API.
public struct APIResponse: Sendable {
    /// 200–599.
    public let status: Int
    /// Names in lower case.
    public let headers: [(name: String, value: String)]
    /// All of it.
    public let body: [UInt8]

    /// Puts an answer together; for transports.
    public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    /// The value of the first header with that name (lower case).
    public func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }

    /// The body as JSON; `.null` for none.
    ///
    /// - Throws: `invalidAnswer` when it is something else.
    public func json() throws(ClientError) -> JSONValue {
        if body.isEmpty { return .null }
        do throws(JSONError) {
            return try JSONValue(parsing: body)
        } catch {
            throw ClientError(.invalidAnswer, "the answer is no JSON; is this the address of a Baton server?")
        }
    }

    /// The answer, unless it says that the request was refused.
    func accepted() throws(ClientError) -> APIResponse {
        guard !(200...299).contains(status) else { return self }
        throw ClientError(APIProblem(self))
    }
}
