// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Whom and what a call is for.
public struct UsageSubject: Sendable, Equatable {
    /// What the result serves.
    public enum Purpose: String, Sendable, CaseIterable {
        /// A plan is made.
        case planning
        /// A task is done.
        case execution
        /// A result is judged.
        case verification
        /// Data is taken out of text.
        case extraction
        /// Something is sorted into classes.
        case classification
        /// Text is made into vectors.
        case embedding
        /// Somebody else's call that we account for.
        case external
    }
    /// The tenant.
    public var tenant: String
    /// The person.
    public var user: String?
    /// The project.
    public var project: String?
    /// The API key with which it was asked for.
    public var apiKey: APIKeyID?
    /// The run.
    public var run: RunID?
    /// The task, as it is called in its run.
    public var task: String?
    /// The number of the attempt; 0 when there is no task.
    public var attempt: Int
    /// The agent.
    public var agent: String?
    /// The provider.
    public var provider: String
    /// The model.
    public var model: String
    /// What the result serves.
    public var purpose: Purpose

    /// Puts a subject together.
    public init(
        tenant: String,
        user: String? = nil,
        project: String? = nil,
        apiKey: APIKeyID? = nil,
        run: RunID? = nil,
        task: String? = nil,
        attempt: Int = 0,
        agent: String? = nil,
        provider: String,
        model: String,
        purpose: Purpose
    ) {
        self.tenant = tenant
        self.user = user
        self.project = project
        self.apiKey = apiKey
        self.run = run
        self.task = task
        self.attempt = attempt
        self.agent = agent
        self.provider = provider
        self.model = model
        self.purpose = purpose
    }
}
