// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// A run to make from another one.
public struct DeriveRequest: Sendable {
    /// How it is made.
    public enum Way: Sendable, Equatable {
        /// It goes on from the state after that event, or after the last one.
        ///
        /// Events that became durable together are taken together: a number in the midst of them means the last of them.
        case fork(at: Int64?)
        /// The run, which has ended, is done again from that node of the graph itself on.
        case rerun(from: String)
    }
    /// The run it is made from.
    public var origin: RunID
    /// How.
    public var way: Way
    /// Inputs that are other than those of the origin; they are checked with the others.
    public var inputs: JSONObject = [:]
    /// Outputs that tasks of the graph itself, which have ended, are given instead of their own, by node.
    public var outputs: [String: JSONValue] = [:]
    /// Keys of the configuration of nodes of the graph itself that are other than in the origin, by node; null takes a key
    /// away. The nodes must not have ended, or be done again.
    public var configuration: [String: JSONObject] = [:]
    /// Chosen by the client: a second request with the same id gives the first answer.
    public var id: RunID?
    /// Who asks: `user:NAME`.
    public var actor: String
    /// The API key with which that is asked; it is charged for the new run, whatever the origin was charged to.
    public var apiKey: APIKeyID?

    /// Puts a request together; nothing is changed.
    public init(_ origin: RunID, _ way: Way, actor: String) {
        self.origin = origin
        self.way = way
        self.actor = actor
    }
}
