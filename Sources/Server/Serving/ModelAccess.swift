// Baton
// SPDX-License-Identifier: Apache-2.0

public import HTTPServer
public import Model

/// Models for programs that are no part of a run.
public struct ModelAccess: Sendable {
    /// Answers a request as the provider would, for whom it is charged to.
    public typealias Answer = @Sendable (_ request: HTTPRequest, _ payer: Ownership) async -> HTTPResponse

    let answer: Answer

    /// - Parameter answer: Without one there are no models.
    public init(answer: @escaping Answer = { (_, _) in HTTPResponse(status: 404) }) { self.answer = answer }
}
