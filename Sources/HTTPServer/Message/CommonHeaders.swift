// Baton
// SPDX-License-Identifier: Apache-2.0

/// Header fields that many answers have, made ready once.
public final class CommonHeaders: Sendable {
    /// The fields.
    public let fields: HTTPHeaders
    /// As HTTP/1.1 sends them, with line ends.
    let lines: [UInt8]

    /// - Precondition: Every field can be sent, and none is set by the server itself (`content-length`, `date`…).
    public init(_ fields: HTTPHeaders) {
        precondition(fields.defect == nil, "a header that all answers have cannot be sent")
        precondition(!fields.fields.contains { Finishing.isOwn($0.name) }, "\(fields) has a header of the server")
        self.fields = fields
        lines = fields.fields.flatMap { Array("\($0.name): \($0.value)\r\n".utf8) }
    }
}

extension HTTPResponse {
    /// With the common headers among the others.
    var allFields: [HTTPHeaders.Field] { headers.fields + (commonHeaders?.fields.fields ?? []) }
}
