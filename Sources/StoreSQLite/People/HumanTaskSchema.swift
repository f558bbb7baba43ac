// Baton
// SPDX-License-Identifier: Apache-2.0

/// What requests to people are kept as since they can be claimed, and how they are listed.
enum HumanTaskSchema {
    static let step = """
        ALTER TABLE human_task ADD COLUMN claimed_by TEXT;
        ALTER TABLE human_task ADD COLUMN claimed_until INTEGER;
        ALTER TABLE human_task ADD COLUMN choice TEXT;
        ALTER TABLE human_task ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
        UPDATE human_task SET choice = CASE status WHEN 'approved' THEN 'approve' ELSE 'reject' END
            WHERE status IN ('approved', 'rejected');
        UPDATE human_task SET details = json_object('decisions', json_array(json_object('by', decided_by,
            'choice', choice, 'values', json('{}'), 'comment', comment, 'at', decided_at)))
            WHERE choice IS NOT NULL AND decided_by IS NOT NULL AND decided_at IS NOT NULL;
        DROP INDEX human_task_status;
        CREATE INDEX human_task_order ON human_task(opened_at, id);
        CREATE INDEX human_task_pending ON human_task(opened_at, id) WHERE status IN ('open', 'claimed');

        """

    /// ?1 names the statuses, each between two commas.
    private static let page = """
        AND instr(?1, ',' || status || ',') > 0 AND (opened_at, id) > (?2, ?3) ORDER BY opened_at, id LIMIT ?4
        """

    static let all = "SELECT * FROM human_task WHERE TRUE \(page)"

    /// The first condition is that of the index, word for word; else SQLite does not use it.
    static let pending = "SELECT * FROM human_task WHERE status IN ('open', 'claimed') \(page)"

    static let ofRun = "SELECT * FROM human_task WHERE run_key = ?5 \(page)"

    /// ?6 is a list of assignees, or NULL for all requests of the tenant.
    private static let audience = """
        tenant = ?5 AND (?8 IS NULL OR run_key = ?8) AND (?6 IS NULL OR owner = ?7 OR EXISTS (SELECT 1
            FROM json_each(assignees) AS asked JOIN json_each(?6) AS wanted ON asked.value = wanted.value))
        """

    static let ofTenant = "SELECT * FROM human_task WHERE \(audience) \(page)"

    static let pendingOfTenant = "SELECT * FROM human_task WHERE status IN ('open', 'claimed') AND \(audience) \(page)"
}
