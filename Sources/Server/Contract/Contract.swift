// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Identity
internal import JSON
internal import RateLimits

/// What an operation of the API takes and gives: requests are checked against it, and the OpenAPI document is made of it.
struct Contract: Sendable {
    /// Who may call it.
    enum Audience: Sendable {
        /// Everybody, without a credential.
        case everyone
        /// Who shows a credential that lets the permission through. Whether it may be used on a certain thing is for the
        /// action to ask.
        case may(Permission)
        /// The same, with a credential that lets one of some through.
        case mayAny([Permission])

        /// One of these is needed; none for everybody.
        var permissions: [Permission] {
            switch self {
            case .everyone: []
            case .may(let permission): [permission]
            case .mayAny(let permissions): permissions
            }
        }
    }

    /// A part of the API, for readers.
    enum Area: String, Sendable, CaseIterable {
        case accounts, workflows, runs, tasks, patches
        case humanTasks = "human tasks"
        case schedules, signals, webhooks, workers, resources, tools, agents, models, knowledge, memory, events, money
        case secrets, cache, content
        case administration, probes
        /// Paths for clients of similar tools.
        case compatibility
    }

    /// An item of the query.
    struct Item: Sendable {
        let name: String
        let shape: Shape
        /// It may be there several times.
        let repeats: Bool
        /// It has to be there.
        let isRequired: Bool

        init(_ name: String, _ shape: Shape, _ meaning: String, repeats: Bool = false, isRequired: Bool = false) {
            (self.name, self.shape, self.repeats) = (name, shape.meaning(meaning), repeats)
            self.isRequired = isRequired
        }

        /// How many items a page has.
        static let limit = Item("limit", .integer(1...500), "How many items at most; 50 when not given.")
        /// Where the page begins.
        static func cursor(_ pattern: String) -> Item {
            Item("cursor", .text(1...100, pattern: pattern), "`next_cursor` of the page before.")
        }
        /// The same for lists by number.
        static let cursor = cursor("^[1-9][0-9]{0,17}$")
    }

    /// A header that the operation looks at.
    enum Header: String, Sendable {
        case ifMatch = "If-Match"
        case prefer = "Prefer"
        case lastEventID = "Last-Event-ID"
        case idempotencyKey = "Idempotency-Key"
        case range = "Range"
        case ifRange = "If-Range"
        case ifNoneMatch = "If-None-Match"

        /// What it must be; `nil` for one of which what is not understood is passed over.
        var shape: Shape? {
            switch self {
            case .ifMatch: .text(1...100, pattern: "^(\"?(sha256:[0-9a-f]{4,64}|[1-9][0-9]{0,8})\"?|\\*)$")
            case .prefer, .range, .ifRange, .ifNoneMatch: nil
            case .lastEventID: .text(1...18, pattern: "^[0-9]+$")
            case .idempotencyKey: .text(1...200, pattern: "^[!-~]+$")
            }
        }

        /// What it is for.
        var meaning: String {
            switch self {
            case .ifMatch: "The `ETag` of the version that the change is meant for."
            case .prefer: "`wait=N` waits up to N seconds [0–60] for the end."
            case .lastEventID: "The number of the last event that was seen."
            case .idempotencyKey: "A repeat of a request with the same key is not carried out again."
            case .range: "One range of bytes, such as `bytes=0-1023`; others are passed over."
            case .ifRange: "The `ETag` that the range is meant for; with another one all of it comes."
            case .ifNoneMatch: "An `ETag`: with the same one the answer is 304."
            }
        }
    }

    /// What the request carries.
    enum Body: Sendable {
        /// Nothing.
        case none
        /// JSON. Without `isRequired` nothing counts as `{}`.
        case json(Shape, isRequired: Bool)
        /// The text of a definition, YAML or JSON.
        case document
        /// Bytes, read as they come.
        case bytes

        /// JSON that must be there.
        static func json(_ shape: Shape) -> Self { .json(shape, isRequired: true) }
        /// JSON of these members that may be left out.
        static func optional(_ fields: Shape.Field...) -> Self { optional(fields) }
    }

    /// One way to end.
    struct Answer: Sendable {
        let status: Int
        let meaning: String
        let shape: Shape?
        let mediaType: String

        init(_ status: Int, _ meaning: String, _ shape: Shape?, mediaType: String = "application/json") {
            (self.status, self.meaning, self.shape, self.mediaType) = (status, meaning, shape, mediaType)
        }

        /// 200 with that.
        static func ok(_ shape: Shape, _ meaning: String = "Done.") -> Self { Answer(200, meaning, shape) }
        /// 200 with a page of these.
        static func page(_ name: String) -> Self { Answer(200, "A page.", .page(of: .named(name))) }
        /// 204.
        static let nothing = Answer(204, "Done.", nil)
        /// A problem of its own, besides those that every operation has.
        static func problem(_ status: Int, _ meaning: String) -> Self {
            Answer(status, meaning, .named("Problem"), mediaType: "application/problem+json")
        }
    }

    /// Unique, for generated clients: `startRun`.
    let id: String
    /// One sentence.
    let summary: String
    let area: Area
    let audience: Audience
    var query: [Item] = []
    var headers: [Header] = []
    var body: Body = .none
    var answers: [Answer]
    /// Limits of its own besides those of all requests.
    var kind: RequestClass = .other
    /// The item of the query in which a short-lived token will do, because browsers cannot send headers there.
    var feedToken: String?
    /// The credential may come in the header `X-API-Key` too, where clients of Anthropic put it.
    var takesKeyHeader = false
    /// A request may fit all shapes and still be refused with 422, because more is checked than shapes can say.
    var checksFurther = false

    /// The answer shows a secret, once.
    var showsSecret = false

    /// The same, with an answer that shows a secret.
    func showingSecret() -> Contract {
        var contract = self
        contract.showsSecret = true
        return contract
    }

    /// The same under another name.
    func renamed(_ id: String, _ summary: String, _ area: Area) -> Contract {
        var contract = Contract(id, summary, area, audience, query: query, headers: headers, body: body, kind: kind)
        (contract.answers, contract.checksFurther) = (answers, checksFurther)
        return contract
    }

    /// The same, with more checks than shapes can say.
    func checkingFurther() -> Contract {
        var contract = self
        contract.checksFurther = true
        return contract
    }

    init(
        _ id: String,
        _ summary: String,
        _ area: Area,
        _ audience: Audience,
        query: [Item] = [],
        headers: [Header] = [],
        body: Body = .none,
        kind: RequestClass = .other,
        _ answers: Answer...
    ) {
        (self.id, self.summary, self.area, self.audience) = (id, summary, area, audience)
        (self.query, self.headers, self.body, self.kind) = (query, headers, body, kind)
        self.answers = answers
    }
}
