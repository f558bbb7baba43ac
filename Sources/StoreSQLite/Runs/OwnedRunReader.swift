// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// Lists of what somebody sees; prepared when it is first needed.
///
/// What belongs to everybody, to the viewer and to each shared project lies together in an index. A page is the newest
/// of the pages of these, so that the runs of others cost nothing, however many there are.
struct OwnedRunReader {
    private let ofOwner, ofProject, ofTenant, ofFirstTenant, ofAll, open: Statement
    private let requests, pendingRequests, counts: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        ofOwner = try Statement(connection, Self.ofOwner)
        ofProject = try Statement(connection, Self.ofProject)
        ofTenant = try Statement(connection, Self.ofTenant)
        ofFirstTenant = try Statement(connection, Self.ofFirstTenant)
        ofAll = try Statement(connection, "SELECT * FROM run WHERE TRUE \(Self.page)")
        open = try Statement(connection, Self.open)
        counts = try Statement(connection, Self.counts)
        requests = try Statement(connection, HumanTaskSchema.ofTenant)
        pendingRequests = try Statement(connection, HumanTaskSchema.pendingOfTenant)
    }

    /// ?4 names the statuses, each between two commas; ?6 is a project.
    private static let page = """
        AND instr(?4, ',' || status || ',') > 0 AND (?1 IS NULL OR workflow = ?1) AND created_at >= ?5
            AND (?6 IS NULL OR +project = ?6) AND key < ?2 ORDER BY key DESC LIMIT ?3
        """

    static let ofOwner = "SELECT * FROM run WHERE tenant = ?7 AND owner IS ?8 \(page)"
    static let ofProject = "SELECT * FROM run WHERE tenant = ?7 AND project = ?8 \(page)"
    /// The second condition is that of the index.
    static let ofTenant = "SELECT * FROM run WHERE tenant = ?7 AND tenant <> 'default' \(page)"
    /// Most runs are the first tenant's where there are no others; the order of keys is as good as an index then.
    static let ofFirstTenant = "SELECT * FROM run WHERE +tenant = ?7 \(page)"
    /// Open runs are few beside all that ever were.
    static let open = """
        SELECT * FROM run WHERE \(RunSchema.openCondition) AND +tenant = ?7 AND (?8 IS NULL OR owner IS NULL
            OR +owner = ?8 OR +project IN (SELECT value FROM json_each(?9))) \(page)
        """

    static let counts = """
        SELECT tenant, owner, project, status, count(*) FROM run WHERE \(RunSchema.openCondition) GROUP BY 1, 2, 3, 4
        """

    func openRunCounts() throws(StoreError) -> [RunCount] {
        try counts.rows { row throws(StoreError) in
            RunCount(
                ownership: Ownership(
                    tenant: row.text(0),
                    owner: row.isNull(1) ? nil : row.text(1),
                    project: row.isNull(2) ? nil : row.text(2)
                ),
                status: try row.name(3),
                count: Int(row.int64(4))
            )
        }
    }

    /// Runs, newest first. Several statements: the caller holds a snapshot.
    func runs(_ filter: RunFilter, seenBy visibility: Visibility) throws(StoreError) -> [RunRow] {
        let statuses = filter.statuses.isEmpty ? RunStatus.allCases : filter.statuses
        if statuses.allSatisfy({ !$0.isTerminal }) { return try openRuns(filter, statuses, visibility) }
        guard let viewer = visibility.viewer else {
            if let project = filter.project {
                return try page(ofProject, filter, statuses, visibility.tenant, project)
            }
            let statement = visibility.tenant == Ownership.defaultTenant ? ofFirstTenant : ofTenant
            return try page(statement, filter, statuses, visibility.tenant)
        }
        var found: [Int64: RunRow] = [:]
        for owner in [nil, viewer] {
            let rows = try page(ofOwner, filter, statuses, visibility.tenant, owner)
            for row in rows { found[row.key] = row }
        }
        for project in Set(visibility.projects) {
            let rows = try page(ofProject, filter, statuses, visibility.tenant, project)
            for row in rows { found[row.key] = row }
        }
        return Array(found.values.sorted { $0.key > $1.key }.prefix(filter.limit))
    }

    /// Runs of a project, whoever they belong to.
    func runs(_ filter: RunFilter) throws(StoreError) -> [RunRow] {
        try page(ofAll, filter, filter.statuses.isEmpty ? RunStatus.allCases : filter.statuses)
    }

    private func page<each Value: Bindable>(
        _ statement: Statement,
        _ filter: RunFilter,
        _ statuses: [RunStatus],
        _ values: repeat each Value
    ) throws(StoreError) -> [RunRow] {
        let names = "," + statuses.map { $0.rawValue + "," }.joined()
        let before = filter.before ?? .max
        return try statement.rows(
            filter.workflow,
            before,
            filter.limit,
            names,
            filter.createdAfter?.milliseconds ?? .min,
            filter.project,
            repeat each values,
            read: RunRow.init(row:)
        )
    }

    private func openRuns(
        _ filter: RunFilter,
        _ statuses: [RunStatus],
        _ visibility: Visibility
    ) throws(StoreError) -> [RunRow] {
        let projects = visibility.projects.jsonText
        return try page(open, filter, statuses, visibility.tenant, visibility.viewer, projects)
    }

    /// Requests to people, oldest first.
    func humanTasks(
        _ filter: HumanTaskFilter,
        for audience: HumanTaskFilter.Audience
    ) throws(StoreError) -> [HumanTaskRow] {
        let statement = filter.isPending ? pendingRequests : requests
        return try statement.rows(
            filter.statusNames,
            filter.after?.openedAt.milliseconds ?? .min,
            filter.after?.id.description ?? "",
            filter.limit,
            audience.tenant,
            audience.assignees?.jsonText,
            audience.owner,
            filter.run,
            read: HumanTaskRow.init(row:)
        )
    }
}

extension RunFilter {
    /// The statuses that are wanted, each between two commas.
    var statusNames: String {
        "," + (statuses.isEmpty ? RunStatus.allCases : statuses).map { $0.rawValue + "," }.joined()
    }
}
