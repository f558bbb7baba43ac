// Baton
// SPDX-License-Identifier: Apache-2.0

/// Everything the program can do.
enum CommandTree {
    static let root: CommandDescription = .init(
        name: "baton",
        summary: "Run workflows so that nothing acknowledged is lost and nothing runs twice unnoticed",
        discussion: """
            A workflow is a document in YAML or JSON: nodes that call tools, HTTP services and people, and edges between them.
            A run of it survives crashes, power cuts and Ctrl-C, and every run can say what it waits for.
            Commands work on a data folder of this machine, or ask the server that runs on it or that --server names.
            """,
        examples: [
            .init(line: "baton doctor", comment: "see whether everything is there"),
            .init(line: "baton workflow validate order.yaml", comment: "check a workflow"),
            .init(line: "baton run order.yaml --input limit=500", comment: "run it and watch"),
            .init(line: "baton inbox approve last", comment: "answer what it asks"),
            .init(line: "baton run explain last", comment: "ask what it waits for, or why it failed"),
            .init(line: "baton login --server URL --email EMAIL", comment: "let a server do all this"),
        ],
        children: [
            RunCommands.group, RunAgain.tasks, PauseCommands.pause, PauseCommands.resume, WorkflowCommands.group,
            SchemaCommands.group.reaching(.nothing), InboxCommands.group, SignalCommands.group,
            ScheduleCommands.group, WebhookCommands.group, HookCommands.group, QueueCommands.group,
            WorkerCommands.group,
            ResourceCommands.group, ServerCommand.command.reaching(.nothing),
            DevCommand.command.reaching(.nothing), ToolCommands.group, MCPCommands.group, AgentCommands.group,
            SkillCommands.group, RAGCommands.group, KnowledgeCommands.group, MemoryCommands.group,
            ContextCommands.group, ThinkingCommands.group, SessionCommands.group, ExecCommand.command,
            PatternCommands.group,
            SimulationCommands.group.reaching(.nothing), ArtifactCommands.group,
            CacheCommands.group, BudgetCommands.group, UsageCommands.group,
            SecretCommands.group, UserCommands.group, KeyCommands.group, AuditCommands.group,
            BackupCommands.group, RetentionCommands.group, MigrateCommands.group, SettingsCommands.group,
            DoctorCommand.command,
            EchoCommand.command.reaching(.nothing), MockModelsCommand.command.reaching(.nothing),
            ConformanceCommands.group.reaching(.nothing),
        ] + LoginCommands.all + [
            ProfileCommands.group, CompletionCommand.command.reaching(.nothing),
            VersionCommand.command.reaching(.nothing), HelpCommand.command.reaching(.nothing),
        ] + AnswerCommands.shortForms
    )
}
