// Baton
// SPDX-License-Identifier: Apache-2.0

/// Whose runs, requests to people and schedules are. What was there before belongs to everybody of the first tenant.
///
/// A run keeps the owner of its first row, so these indexes are touched once in its life. Those of projects and of
/// other tenants leave out the runs of a program on its own machine.
enum OwnershipSchema {
    /// The index that tells whether a file has the columns.
    static let index = "run_owner"

    static let step =
        columns("run") + columns("human_task") + columns("schedule") + """
            CREATE INDEX run_owner ON run(tenant, owner);
            CREATE INDEX run_project ON run(tenant, project) WHERE project IS NOT NULL;
            CREATE INDEX run_tenant ON run(tenant) WHERE tenant <> 'default';
            CREATE INDEX human_task_tenant ON human_task(tenant, opened_at, id);
            CREATE INDEX human_task_inbox ON human_task(tenant, opened_at, id) WHERE status IN ('open', 'claimed');

            DROP VIEW baton_runs;
            CREATE VIEW baton_runs AS SELECT id, workflow, status, reason, outcome, last_seq AS run_seq, ended_tasks,
                all_tasks, error, \(RunSchema.time("created_at")), \(RunSchema.time("started_at")),
                \(RunSchema.time("ended_at")), \(RunSchema.time("deadline")), graph_hash, tenant, owner, project
                FROM run ORDER BY key DESC;

            """

    private static func columns(_ table: String) -> String {
        """
        ALTER TABLE \(table) ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';
        ALTER TABLE \(table) ADD COLUMN owner TEXT;
        ALTER TABLE \(table) ADD COLUMN project TEXT;

        """
    }
}
