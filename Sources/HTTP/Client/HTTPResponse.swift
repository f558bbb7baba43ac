// Baton
// SPDX-License-Identifier: Apache-2.0

/// A whole answer.
public struct HTTPResponse: Sendable {
    /// 100–599.
    public let status: Int
    /// In the order they came; names in lower case.
    public let headers: [(name: String, value: String)]
    /// After decompression.
    public let body: [UInt8]
    /// Where the answer came from, after redirects.
    public let url: String
    /// From the call to the last byte.
    public let duration: Duration

    /// The value of the first header with that name (lower case).
    public func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}
