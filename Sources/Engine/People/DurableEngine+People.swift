// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model
public import Store

/// What people do with requests (spec 7.1, 7.2). Who may do it is for the caller to know. Every call suspends until what
/// it did is durable, and gives the request as it is then.
extension DurableEngine {
    /// Answers a request, exactly once: the same choice by the same person again gives the stored answer and changes
    /// nothing. With a quorum the request stays open until enough people made one choice; a refusal ends it at once.
    ///
    /// - Throws: `notFound`; `humanTaskClosed` when somebody or something else was first; `conflict` when somebody else
    ///   has claimed it, or this person chose otherwise before; `invalid` with what is wrong with the choice, the
    ///   comment or the values.
    public func answer(
        _ id: HumanTaskID,
        _ answer: HumanAnswer,
        by actor: String
    ) async throws(EngineError) -> HumanTaskRow {
        try await ask { .person(id, .action(.answer(answer)), actor: actor, $0) }
    }

    /// Answers a request with the choice that agrees, or the one that does not: a short form of ``answer(_:_:by:)``.
    public func decide(
        _ id: HumanTaskID,
        approve: Bool,
        comment: String?,
        by actor: String
    ) async throws(EngineError) -> HumanTaskRow {
        try await ask { .person(id, .decide(agrees: approve, comment: comment), actor: actor, $0) }
    }

    /// Keeps a request for one person for ``HumanClaim/span``; again by the same person: from now on. Nobody else can
    /// answer it meanwhile.
    ///
    /// - Throws: `notFound`, `humanTaskClosed`, `conflict` when somebody else has claimed it.
    public func claim(_ id: HumanTaskID, by actor: String) async throws(EngineError) -> HumanTaskRow {
        try await ask { .person(id, .action(.claim), actor: actor, $0) }
    }

    /// Gives a claim back.
    ///
    /// - Throws: `notFound`, `humanTaskClosed`, `conflict` when it is not claimed, or by somebody else.
    public func release(_ id: HumanTaskID, by actor: String) async throws(EngineError) -> HumanTaskRow {
        try await ask { .person(id, .action(.release), actor: actor, $0) }
    }

    /// Asks others instead: `user:ID`, `role:NAME` or `owner`. A claim ends.
    ///
    /// - Throws: `notFound`, `humanTaskClosed`, `conflict` when somebody else has claimed it, `invalid`.
    public func reassign(
        _ id: HumanTaskID,
        to assignees: [String],
        by actor: String
    ) async throws(EngineError) -> HumanTaskRow {
        try await ask { .person(id, .action(.reassign(to: assignees)), actor: actor, $0) }
    }
}
