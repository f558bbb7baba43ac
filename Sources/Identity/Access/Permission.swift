// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// One thing that principals may do, by its area and verb. Scopes of API keys are patterns over these names.
public enum Permission: String, Sendable, Hashable, CaseIterable {
    /// Own account and keys.
    case manageProfile = "profile.manage"
    /// Projects, plans, stories, knowledge.
    case readProjects = "projects.read"
    /// A new project, and changes of its content.
    case writeProjects = "projects.write"
    /// Archive, reset, pause, export; settings of a project.
    case controlProjects = "projects.control"
    /// Who else sees a project.
    case shareProjects = "projects.share"
    /// Names and versions of secrets, never values.
    case listSecrets = "secrets.list"
    /// Values in, secrets out.
    case writeSecrets = "secrets.write"
    /// Workflows, versions, tags.
    case readWorkflows = "workflows.read"
    /// Publish, patch, tag.
    case writeWorkflows = "workflows.write"
    /// Runs and their tasks, events, outputs.
    case readRuns = "runs.read"
    /// A new run.
    case startRuns = "runs.start"
    /// Cancel, pause, retry, roll back; tasks too.
    case controlRuns = "runs.control"
    /// Change the graph of a live run.
    case patchRuns = "runs.patch"
    /// The inbox.
    case readHumanTasks = "human_tasks.read"
    /// Answer in the inbox what is addressed to oneself.
    case answerHumanTasks = "human_tasks.answer"
    /// Signals, schedules, webhooks.
    case readSignals = "signals.read"
    /// Send signals, make schedules and webhooks.
    case writeSignals = "signals.write"
    /// Agents, tools, skills, models.
    case readCatalog = "catalog.read"
    /// Change agents, prompts, models, functions.
    case writeCatalog = "catalog.write"
    /// Call a tool, and use sessions and chat.
    case callTools = "tools.call"
    /// Artefacts, blobs, files of workspaces.
    case readContent = "content.read"
    /// Store artefacts, blobs, files of workspaces.
    case writeContent = "content.write"
    /// Cost and numbers of what one sees.
    case readUsage = "usage.read"
    /// Budgets.
    case writeBudgets = "budgets.write"
    /// Resources and applications.
    case readResources = "resources.read"
    /// Deploy, stop, probe.
    case controlResources = "resources.control"
    /// The live feed.
    case readEvents = "events.read"
    /// Lease tasks, send heartbeats, complete them.
    case leaseTasks = "workers.lease"
    /// Workers, queues, dead letters.
    case manageWorkers = "workers.manage"
    /// Users of the tenant.
    case manageUsers = "users.manage"
    /// Settings of the server.
    case manageSettings = "settings.manage"
    /// The audit trail.
    case readAudit = "audit.read"
    /// Backup, compact, caches.
    case administer = "system.administer"

    /// How a permission relates to things.
    enum Kind {
        /// Sees things of others that are shared.
        case read
        /// Makes or changes what is one's own.
        case own
        /// Changes what is one's own, or what is shared for control.
        case control
        /// Needs the role of a worker.
        case work
        /// Needs the role of an administrator.
        case administration
    }

    var kind: Kind {
        switch self {
        case .readProjects, .listSecrets, .readWorkflows, .readRuns, .readHumanTasks, .readSignals, .readCatalog,
            .readContent, .readUsage, .readResources, .readEvents:
            .read
        case .manageProfile, .writeProjects, .writeWorkflows, .startRuns, .answerHumanTasks, .writeSignals, .callTools,
            .writeContent:
            .own
        case .controlProjects, .shareProjects, .writeSecrets, .controlRuns, .patchRuns: .control
        case .leaseTasks: .work
        case .writeCatalog, .writeBudgets, .controlResources, .manageWorkers, .manageUsers, .manageSettings,
            .readAudit, .administer:
            .administration
        }
    }
}

extension Role {
    /// Whether the role may do that at all, with things that are its own (spec 11.1).
    ///
    /// An agent's commands are decided by its patterns alone (spec 9.10), so its scopes must name the permission too.
    public func allows(_ permission: Permission) -> Bool {
        switch (self, permission.kind) {
        case (.admin, _): true
        case (.operator, .read), (.operator, .own), (.operator, .control): true
        case (.user, .read), (.user, .own), (.user, .control): true
        case (.viewer, .read): true
        case (.viewer, .own): permission == .manageProfile
        case (.worker, .work): true
        case (.agent, .read), (.agent, .own): permission != .manageProfile
        case (.agent, .control): permission == .patchRuns || permission == .controlProjects
        default: false
        }
    }

    /// Whether a credential of this role may be given to somebody who has that role.
    public func isWithin(_ role: Role) -> Bool {
        switch role {
        case .admin: true
        case .operator: self != .admin && self != .worker
        case .user: self == .user || self == .viewer || self == .agent
        case .viewer, .worker, .agent: self == role
        }
    }
}
