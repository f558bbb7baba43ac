// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store

extension HumanTaskSchema {
    static let upsert = """
        INSERT INTO human_task VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
            ?19, ?20, ?21, ?22)
        ON CONFLICT(id) DO UPDATE SET run_key = ?2, task = ?3, run_id = ?4, node = ?5, kind = ?6, status = ?7,
            title = ?8, message = ?9, assignees = ?10, opened_at = ?11, expires_at = ?12, decided_by = ?13,
            decided_at = ?14, comment = ?15, claimed_by = ?16, claimed_until = ?17, choice = ?18, details = ?19,
            tenant = ?20, owner = ?21, project = ?22
        """
}

extension [String] {
    /// As a JSON array.
    var jsonText: String { JSONValue.array(map { .string($0) }).text }
}

extension HumanTaskFilter {
    /// Each status between two commas.
    var statusNames: String {
        let wanted = statuses.isEmpty ? HumanTaskStatus.allCases : statuses
        return "," + wanted.map { $0.rawValue + "," }.joined()
    }

    /// Only requests that can still be answered.
    var isPending: Bool { !statuses.isEmpty && statuses.allSatisfy(\.isPending) }
}

extension HumanTaskRow {
    func write(with statement: Statement) throws(StoreError) {
        try statement.execute(
            id.description,
            key.runKey,
            key.task,
            run.description,
            node,
            kind,
            status.rawValue,
            title,
            message,
            assignees.jsonText,
            openedAt,
            expiresAt,
            decidedBy,
            decidedAt,
            comment,
            claim?.by,
            claim?.until,
            choice,
            details.json.text,
            ownership.tenant,
            ownership.owner,
            ownership.project
        )
    }

    /// Columns are read in the order in which the schema adds them; a file of an older format has only the first.
    init(row: Row) throws(StoreError) {
        let names = (try? JSONValue(parsing: row.text(9)))?.arrayValue?.map(\.stringValue) ?? [nil]
        guard !names.contains(nil) else {
            throw StoreError(
                .corrupted,
                "The assignees of request \(row.text(0)) are not a list of names. Restore from a backup."
            )
        }
        let isCurrent = row.count > 15
        self.init(
            id: try row.id(0),
            key: TaskKey(runKey: row.int64(1), task: row.int(2)),
            run: try row.id(3),
            node: row.text(4),
            kind: row.text(5),
            status: try row.name(6),
            title: row.text(7),
            message: row.text(8),
            assignees: names.compactMap(\.self),
            openedAt: row.time(10),
            expiresAt: row.optionalTime(11),
            claim: isCurrent ? Self.claim(row) : nil,
            choice: isCurrent ? row.optionalText(17) : nil,
            decidedBy: row.optionalText(12),
            decidedAt: row.optionalTime(13),
            comment: row.optionalText(14),
            details: isCurrent ? try Self.details(row) : HumanTaskDetails(),
            ownership: Ownership(row, from: 19)
        )
    }

    private static func claim(_ row: Row) -> HumanClaim? {
        guard let by = row.optionalText(15), let until = row.optionalTime(16) else { return nil }
        return HumanClaim(by: by, until: until)
    }

    private static func details(_ row: Row) throws(StoreError) -> HumanTaskDetails {
        guard let json = try? JSONValue(parsing: row.text(18)), let details = HumanTaskDetails(json: json) else {
            throw StoreError(
                .corrupted,
                "The details of request \(row.text(0)) cannot be read. Restore from a backup."
            )
        }
        return details
    }
}
