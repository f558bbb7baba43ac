// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// The answer to a request, kept so that the same request again gets it again (spec 6.2).
public struct IdempotencyRow: Sendable, Equatable {
    /// Who asked.
    public var principal: String
    /// The key that came with the request; with the principal it is unique.
    public var key: String
    /// Hash of the request's body. The same key with another body is a mistake of the caller.
    public var bodyHash: String
    /// What was answered, as the one who wrote it encodes it.
    public var answer: [UInt8]
    /// The run that the request made, if it made one.
    public var runKey: Int64?
    /// Until when the answer is kept.
    public var expiresAt: Timestamp

    /// Puts a row together.
    public init(
        principal: String,
        key: String,
        bodyHash: String,
        answer: [UInt8],
        runKey: Int64? = nil,
        expiresAt: Timestamp
    ) {
        self.principal = principal
        self.key = key
        self.bodyHash = bodyHash
        self.answer = answer
        self.runKey = runKey
        self.expiresAt = expiresAt
    }
}
