// Baton
// SPDX-License-Identifier: Apache-2.0

public import CEL
public import JSON
public import Model

extension Graph {
    /// Bounds of a run; `nil` for those of the installation.
    public struct Limits: Sendable, Equatable {
        /// Tasks in flight at a time.
        public var maxParallel: Int?
        /// Nodes of the graph, patches included.
        public var maxNodes: Int?
        /// Agent nodes of the graph, patches included.
        public var maxAgentNodes: Int?
        /// Records of history.
        public var maxEvents: Int?
    }

    /// How many runs that share a key go on at a time.
    public struct RunConcurrency: Sendable {
        /// What a further run does.
        public enum Full: String, Sendable, CaseIterable {
            /// It waits.
            case queue
            /// It is refused.
            case reject
            /// The oldest run is cancelled.
            case cancelOldest = "cancel_oldest"
            /// The newest run is cancelled.
            case cancelNewest = "cancel_newest"
        }
        /// Evaluates to text.
        public let key: ValueTemplate
        /// Runs at a time.
        public let max: Int
        /// What a further run does.
        public let whenFull: Full
    }

    /// How many tasks that share a key run at a time.
    public struct TaskConcurrency: Sendable {
        /// Evaluates to text.
        public let key: ValueTemplate
        /// Tasks at a time.
        public let max: Int
    }

    /// A cap.
    public struct Budget: Sendable, Equatable {
        /// Money; `nil` for no cap.
        public let usd: Money?
        /// LLM tokens; `nil` for no cap.
        public let languageModelTokens: Int?
    }

    /// How long results are used again (spec 6.9).
    public struct Cache: Sendable, Equatable {
        /// Who shares a result.
        public enum Scope: String, Sendable, CaseIterable {
            case run, workflow, project
        }
        /// How long.
        public let ttl: Duration
        /// Who shares it.
        public let scope: Scope
    }

    /// What the last failed attempt of a task does.
    public enum Exhaustion: String, Sendable, CaseIterable {
        /// The task fails.
        case fail
        /// A person is asked.
        case escalate
        /// The run is paused.
        case pause
        /// The task is skipped.
        case skip
        /// The task fails and the run is rolled back.
        case compensate
    }

    /// A call of a tool outside the graph's nodes.
    public struct ToolCall: Sendable {
        /// The tool.
        public let tool: String
        /// Evaluates to an object; sees `output` of the node that is undone.
        public let arguments: ValueTemplate
    }

    /// What undoes a node (spec 3.10).
    public enum Compensation: Sendable {
        /// Calls, in order.
        case calls([ToolCall])
        /// A node that runs only for this.
        case node(Int)
    }

    /// A named group of nodes with one failure policy (spec 3.3).
    public struct Phase: Sendable {
        /// The id that nodes name.
        public let id: String
        /// Shown instead of the id.
        public let title: String?
        /// Calls made in order when the phase fails, before its completed nodes are undone.
        public let rollback: [ToolCall]
        /// A failure of the phase does not end the run.
        public let continueOnFailure: Bool
        /// The longest the phase may take.
        public let timeout: Duration?
    }

    /// A typed input of a node (spec 3.4).
    public struct Port: Sendable, Equatable {
        /// The name.
        public let name: String
        /// JSON Schema of the value.
        public let schema: JSONValue
        /// It must be bound or have a default.
        public let isRequired: Bool
        /// Used when nothing is bound.
        public let defaultValue: JSONValue?
    }

    /// Configuration of a `loop` node.
    public struct Loop: Sendable {
        /// When a pass is followed by another.
        public enum Condition: Sendable {
            /// As long as this holds.
            case `while`(CELExpression)
            /// Until this holds.
            case until(CELExpression)
        }
        /// What is repeated.
        public let body: Body
        /// Over `iteration`, `last` and the nodes of the body; `nil` repeats until the limit.
        public let condition: Condition?
        /// Most passes.
        public let maxIterations: Int
        /// Wait between passes.
        public let delay: Duration
        /// The last allowed pass fails the task; otherwise the loop goes on along its edges for `limit`.
        public let failsAtLimit: Bool
        /// The outputs of all passes are kept.
        public let collectsResults: Bool
    }

    /// Configuration of a `map` node.
    public struct Map: Sendable {
        /// What an item that fails does.
        public enum ItemFailure: String, Sendable, CaseIterable {
            /// The task fails once more than `maxFailed` items did.
            case fail
            /// It is listed in `failed`.
            case collect
            /// It is left out.
            case ignore
        }
        /// Evaluates to a list, or to `{blob}` with JSON lines.
        public let items: ValueTemplate
        /// Names the item.
        public let variable: String
        /// What runs for each item; `nil` when `workflow` is set.
        public let body: Body?
        /// The workflow that runs for each item.
        public let workflow: WorkflowReference?
        /// Its inputs, over the item and `index`.
        public let inputs: ValueTemplate?
        /// The body that calls it: one node.
        public let call: Body?
        /// Most items at a time.
        public let maxParallel: Int
        /// Items that one task takes.
        public let batch: Int
        /// What an item that fails does.
        public let onItemFailure: ItemFailure
        /// Failed items that are borne.
        public let maxFailed: Int
    }

    /// Another workflow.
    public enum WorkflowReference: Sendable {
        /// A published one, by name and, once it was found, pinned to its hash.
        case published(name: String, hash: String?)
        /// One that stands in the document.
        case inline(Graph)
    }

    /// Configuration of a `workflow` node.
    public struct Child: Sendable {
        /// What becomes of the child when the run ends.
        public enum ParentClose: String, Sendable, CaseIterable {
            case cancel, abandon, wait
        }
        /// What is run.
        public let workflow: WorkflowReference
        /// Evaluates to its inputs.
        public let inputs: ValueTemplate
        /// The run goes on without waiting.
        public let isDetached: Bool
        /// Cap for the child.
        public let budget: Budget?
        /// What becomes of the child when the run ends.
        public let onParentClose: ParentClose
    }

    /// Configuration of a `wait` node for a signal.
    public struct AwaitedSignal: Sendable {
        /// The type of the signal.
        public let type: String
        /// Evaluates to text; only signals with this key.
        public let key: ValueTemplate?
        /// Over `signal`; only signals for which this holds.
        public let condition: CELExpression?
        /// How long it is waited for; `nil` for ever.
        public let timeout: Duration?
        /// The task fails when none comes in time; otherwise it completes without.
        public let failsAtTimeout: Bool
    }
}
