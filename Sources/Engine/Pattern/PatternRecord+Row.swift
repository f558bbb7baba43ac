// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
public import Store

extension PatternRecord {
    var key: RegistrationRow.Key { .init(.pattern, tenant: ownership.tenant, name: id.description) }

    /// As it is stored.
    var row: RegistrationRow {
        var json: JSONObject = ["steps": .array(steps.map(\.json)), "status": .string(status.rawValue)]
        json["owner"] = ownership.owner.map(JSONValue.string)
        json["project"] = ownership.project.map(JSONValue.string)
        json["count"] = .int(Int64(count))
        json["total_ms"] = .int(total.milliseconds)
        json["first"] = .int(firstAt.milliseconds)
        json["last"] = .int(lastAt.milliseconds)
        json["suggested"] = suggestedAt.map { .int($0.milliseconds) }
        json["promotion"] = promotion.map { promotion in
            [
                "workstack": .string(promotion.workstack), "version": .int(Int64(promotion.version)),
                "by": .string(promotion.by), "at": .int(promotion.at.milliseconds),
            ]
        }
        json["runs"] = .array(sightings.map { [.string($0.run.description), .int($0.at.milliseconds)] })
        return RegistrationRow(key: key, body: JSONValue.object(json).bytes())
    }

    /// Reads what ``row`` writes; `nil` for what is no pattern.
    public init?(_ row: RegistrationRow) {
        func time(_ value: JSONValue?) -> Timestamp? { value?.intValue.map { Timestamp(milliseconds: $0) } }
        guard let id = PatternID(row.key.name), let json = try? JSONValue(parsing: row.body),
            let steps = json["steps"]?.arrayValue?.compactMap(PatternStep.init), steps.count >= 2,
            let status = json["status"]?.stringValue.flatMap(Status.init), let count = json["count"]?.intValue,
            let total = json["total_ms"]?.intValue, let first = time(json["first"]), let last = time(json["last"])
        else { return nil }
        let ownership = Ownership(
            tenant: row.key.tenant,
            owner: json["owner"]?.stringValue,
            project: json["project"]?.stringValue
        )
        self.init(id: id, ownership, steps, at: first)
        (self.status, self.count, self.total, lastAt) = (status, Int(count), .milliseconds(total), last)
        suggestedAt = time(json["suggested"])
        promotion = json["promotion"].flatMap(Promotion.init)
        sightings = (json["runs"]?.arrayValue ?? []).compactMap { pair in
            guard let run = pair[0]?.stringValue.flatMap(RunID.init), let at = time(pair[1]) else { return nil }
            return Sighting(run: run, at: at)
        }
    }

    /// All that a store holds and that is not forgotten, the most certain first.
    public static func all(in store: any RunStore, at now: Timestamp) throws(StoreError) -> [PatternRecord] {
        sorted(try store.registrations(.pattern).compactMap(PatternRecord.init), at: now)
    }

    static func sorted(_ records: some Sequence<PatternRecord>, at now: Timestamp) -> [PatternRecord] {
        records.filter { !$0.isForgotten(at: now) }.sorted { left, right in
            let (first, second) = (left.confidence(at: now), right.confidence(at: now))
            return first == second ? left.id < right.id : first > second
        }
    }

    /// For programs.
    public func json(at now: Timestamp) -> JSONValue {
        var json: JSONObject = [
            "id": .string(id.description), "name": .string(name), "status": .string(status.rawValue),
            "steps": .array(steps.map(\.json)), "count": .int(Int64(count)),
            // Two digits: the third time at once is 0.7, whatever milliseconds have passed since.
            "confidence": .double((confidence(at: now) * 100).rounded() / 100),
            "mean_latency_ms": .int(meanLatency.milliseconds),
            "estimated_saving_ms": .int(estimatedSaving.milliseconds),
            "first_seen_at": .string(firstAt.description), "last_seen_at": .string(lastAt.description),
            "runs": .array(sightings.map { .string($0.run.description) }),
        ]
        json["suggested_at"] = suggestedAt.map { .string($0.description) }
        json["project"] = ownership.project.map(JSONValue.string)
        json["promotion"] = promotion?.json
        return .object(json)
    }
}

extension PatternRecord.Promotion {
    /// `{workstack, version, by, at}`.
    public var json: JSONValue {
        [
            "workstack": .string(workstack), "version": .int(Int64(version)), "by": .string(by),
            "at": .string(at.description),
        ]
    }

    fileprivate init?(_ json: JSONValue) {
        guard let workstack = json["workstack"]?.stringValue, let version = json["version"]?.intValue,
            let by = json["by"]?.stringValue, let at = json["at"]?.intValue
        else { return nil }
        self.init(workstack: workstack, version: Int(version), by: by, at: Timestamp(milliseconds: at))
    }
}
