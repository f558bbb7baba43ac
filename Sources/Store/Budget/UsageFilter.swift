// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Which usage records are wanted.
public struct UsageFilter: Sendable {
    /// Only of that run.
    public var run: RunID?
    /// Only of that tenant.
    public var tenant: String?
    /// Only of runs that this one owns, as ``Ownership/owner``.
    public var user: String?
    /// Only of that project.
    public var project: String?
    /// Only of that API key.
    public var apiKey: APIKeyID?
    /// Only for that agent.
    public var agent: String?
    /// Only of that provider.
    public var provider: String?
    /// Only of that model.
    public var model: String?
    /// Only for that.
    public var purpose: UsageSubject.Purpose?
    /// Only those settled at or after this.
    public var from: Timestamp?
    /// Only those settled before this.
    public var until: Timestamp?
    /// Only those with a smaller id: the next page.
    public var before: UsageID?
    /// At most that many.
    public var limit = 100

    /// All records, the newest 100.
    public init() {}

    /// Whether the filter lets a record through.
    func fits(_ row: UsageRow) -> Bool {
        fits(row.subject) && (run.map { row.subject.run == $0 } ?? true)
            && (tenant.map { row.subject.tenant == $0 } ?? true)
            && (user.map { row.subject.user == $0 } ?? true) && (from.map { row.at >= $0 } ?? true)
            && (until.map { row.at < $0 } ?? true) && (before.map { row.id < $0 } ?? true)
    }

    private func fits(_ subject: UsageSubject) -> Bool {
        (project.map { subject.project == $0 } ?? true) && (apiKey.map { subject.apiKey == $0 } ?? true)
            && (agent.map { subject.agent == $0 } ?? true)
            && (provider.map { subject.provider == $0 } ?? true) && (model.map { subject.model == $0 } ?? true)
            && (purpose.map { subject.purpose == $0 } ?? true)
    }
}
