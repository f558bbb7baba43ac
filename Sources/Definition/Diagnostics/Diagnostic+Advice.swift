// Baton
// SPDX-License-Identifier: Apache-2.0

extension Diagnostic.Code {
    /// What to do, in one or two sentences.
    public var advice: String {
        switch self {
        case .syntax:
            "Correct the text at the place shown. In YAML look for tabs, missing quotes around `: ` and `#`, "
                + "and brackets without an end."
        case .sourceLimit:
            "Keep a document below 4 MiB, 64 levels and 100,000 values after aliases are expanded; move "
                + "parts into child workflows."
        case .unknownDocumentKind: "Begin with `workflow: NAME`, `workstack: NAME` or `plan: NAME`."
        case .unknownKey:
            "Correct the spelling or take the key away. Keys of your own begin with `x-` or stand under "
                + "`metadata`."
        case .invalidValue: "Write a value of the type and within the bounds that the message names."
        case .missingKey: "Add the key that the message names."
        case .invalidName:
            "Ids are a letter or `_`, then up to 63 letters, digits, `_` or `-`; names of definitions may "
                + "also hold `.` and `/`."
        case .duplicateKey: "Keep one of them; the other would be lost."
        case .invalidTime:
            "Write durations as `10s` or `1h30m`, times as `2026-01-31T09:30:00Z`, amounts as `0.50`."
        case .invalidSchema: "Correct the schema (draft 2020-12) at the place shown, or the default."
        case .duplicateNode:
            "Rename one of them. Ids are unique in the whole document, bodies of loops and maps included."
        case .unknownNode: "Correct the id. Nodes inside a body can only be named inside it."
        case .noEntry: "Add a node, or let one of them depend on nothing."
        case .cycle: "Remove one of the edges listed. To repeat something use a `loop` node."
        case .noTerminal: "Let at least one node lead to nothing."
        case .selfDependency: "Remove the edge. To repeat a node put it into a `loop`."
        case .loopRegion:
            "Let edges enter the region only at the node `back_to` names and leave it only at the loop; or "
                + "write the region as `body`."
        case .unboundedLoop:
            "Say how many passes the loop may make at most; it ends then even if its condition never does."
        case .unknownCase:
            "Name a case of the branch. Only edges of a `branch` have a `case`, only those of a `loop` a "
                + "`port`."
        case .unknownPort:
            "Declare the port: `outputs` at the source, `ports` at the target. A binding names a port on "
                + "both sides."
        case .portType: "Change one of the types; an integer fits a number, and everything fits a port without type."
        case .portBinding: "Bind each required port once or give it a default."
        case .variableConflict: "Use two names in `store_as`, or let one node depend on the other."
        case .quorumTooLarge: "Lower the quorum or add edges; it could never be reached."
        case .invalidGroup:
            "Put only nodes into a group that are linked with each other, with nothing between them that is "
                + "outside."
        case .graphTooLarge: "Raise `limits` or split the work into child workflows."
        case .tooDeep:
            "Nest at most 8 levels. A workflow that has to run itself does it inside a `loop` with "
                + "`max_iterations`."
        case .invalidCompensation:
            "Name a tool that exists, or a `tool` or `http` node without any edges: it runs only when the run is "
                + "rolled back."
        case .unknownReference:
            "Correct the name. Inputs are `inputs.NAME`, results `nodes.ID.output`, stored values "
                + "`vars.NAME`."
        case .notAncestor: "Let the reading node depend on it, directly or through others."
        case .expressionSyntax:
            "Correct the CEL expression at the place shown; every `${` needs its `}`, and `$${` stands for a "
                + "literal `${`."
        case .expressionType: "Make conditions true or false, for example by a comparison."
        case .expressionLimit: "Keep expressions below 8 KiB and 32 levels; compute parts in `transform` nodes."
        case .misplacedSecret:
            "Use `secret()` only in `auth`, `headers`, `env` and arguments of tools that are marked as "
                + "secret."
        case .unknownFunction: "Correct the name or the arguments; docs/definitions.md lists the functions."
        case .unknownNodeType: "Use one of the kinds of nodes or the name of a registered tool."
        case .unknownName: "Correct the name or register what is missing."
        case .invalidConfig: "Correct `config`; docs/node-kinds.md lists the keys of each kind with their bounds."
        case .unsupported: "Run it where it is carried out, take it away, or set `on_unsupported: skip` on the node."
        case .refusedURL:
            "Use a public `http` or `https` address without user name, or let an administrator list the "
                + "private host."
        case .noCapableAgent: "Ask for less, or register an agent with the missing capabilities."
        case .forbiddenTool: "Take the tool off the list, or use an agent whose profile permits it."
        case .overBudget: "Raise the budget, use smaller models, or do less."
        case .wrongInterface:
            "Give every required input of the child with a value of its type, and no others; read only "
                + "outputs that it has."
        case .patchOperation: "Use `add`, `remove`, `replace` and `test`."
        case .patchPath: "Make the patch for the document as it is now."
        case .patchValue: "Give `add`, `replace` and `test` a `value`."
        case .patchStarted: "Change only nodes that have not started, and no edges that lead into nodes that have."
        case .patchAgentLimit: "Add fewer agent nodes, or raise `max_agent_nodes` as a person."
        case .patchForbidden:
            "Change only the paths that `can_patch` allows. Limits, budgets and permissions are raised by "
                + "people alone."
        case .patchTooLarge: "Split it: at most 100 operations and 256 KiB."
        case .patchOutdated: "Read the graph again and make the patch for its present state."
        case .unknownRequirement: "Correct the id, or add the requirement to the plan."
        case .uncoveredRequirement: "Add a task that `requires` it."
        case .uncheckedRequirement: "Give a task that serves it a `verify` check."
        case .scopeInvention: "Name the requirement it serves, or take the task away."
        case .unknownPlanDependency: "Correct the key in `depends_on`."
        case .planCycle: "Remove one of the dependencies listed."
        case .overlappingWrites: "Let one depend on the other, separate what they write, or set `serialize: true`."
        case .planOverBudget: "Raise the budget or plan less."
        case .unknownPlanTool: "Correct the name or register what is missing."
        case .planSize: "Plan 1 to 200 tasks."
        case .missingPlanSection: "Add the section or lower `rigor`."
        case .irreversibleTask: "Give the task a `compensate` call or let a person approve it first."
        case .unreadablePlan: "Ask again; the answer must hold one JSON object."
        case .unreachable: "Change the conditions of the edges that lead to it, or take the node away."
        case .unusedCase: "Add an edge with this `case`, or take the case away."
        case .impliedEdge: "Remove it; the order stays the same."
        case .unusedOutput: "Read it in a later node or in `outputs`, or take the node away."
        case .unsafeRetry:
            "Let the receiver take an idempotency key, or be aware that the retry covers only failures "
                + "before the request left."
        case .noDeadline: "Set `deadline`; without it nobody answering for 24 hours makes the question expire."
        case .noBudget: "Give the node or the workflow a `budget`."
        case .alias: "Nothing has to be done; the message shows the spelling that documents are rewritten to."
        case .droppedDependency: "Correct it if it was meant: it named its own task or none at all."
        case .uncoveredWish: "Add a task for it, or leave it out on purpose."
        case .foldedConstant: "Nothing has to be done."
        case .reducedEdge: "Nothing has to be done; the order stays the same."
        case .absorbedNode: "Nothing has to be done."
        case .deadNode: "Take the node away or change the conditions that lead to it."
        case .sharedConnection: "Nothing has to be done."
        case .parallelNodes: "Remove the edge between them if their order does not matter."
        case .cacheableNode: "Set `cache` if the same inputs always give the same result."
        case .smallerTier: "Set `tier` lower if the answers stay good enough."
        }
    }
}
