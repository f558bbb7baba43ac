// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
import Model
public import Store

extension DefinitionName {
    var json: JSONValue {
        ["name": .string(name), "kind": .string(kind), "created_at": .string(createdAt.description)]
    }

    init?(_ json: JSONValue, owner: String) {
        guard let name = json["name"]?.stringValue, VersionReference.isName(name),
            let kind = json["kind"]?.stringValue, let createdAt = json["created_at"]?.time
        else { return nil }
        self.init(owner: owner, name: name, kind: kind, createdAt: createdAt)
    }
}

extension ArtifactRow {
    /// Everything but the owner.
    public var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id.description), "kind": .string(kind.rawValue), "name": .string(name),
        ]
        object["number"] = number.map { .int(Int64($0)) }
        object["hash"] = .string(hash)
        object["depth"] = .int(Int64(depth))
        object["base"] = base.map { .string($0.description) }
        object["previous"] = previous.map { .string($0.description) }
        object["compacted_from"] = compactedFrom.map { .string($0.description) }
        object["media_type"] = .string(mediaType)
        object["blob"] = blob.json
        object["source"] = source?.json
        object["graph"] = graph?.json
        object["creator"] = .string(creator)
        object["created_at"] = .string(createdAt.description)
        object["note"] = note.map { .string($0) }
        return .object(object)
    }

    init?(_ json: JSONValue, owner: String) {
        guard let id = json.artifact("id"), let kind = json["kind"]?.stringValue.flatMap(ArtifactKind.init),
            let name = json["name"]?.stringValue, let hash = json["hash"]?.stringValue,
            let mediaType = json["media_type"]?.stringValue, let blob = json["blob"].flatMap({ BlobRef($0) }),
            let creator = json["creator"]?.stringValue, let createdAt = json["created_at"]?.time,
            let depth = json["depth"]?.intValue, (0...1_000_000).contains(depth)
        else { return nil }
        self.init(
            id: id,
            kind: kind,
            owner: owner,
            name: name,
            number: json["number"]?.intValue.flatMap { Int(exactly: $0) },
            hash: hash,
            blob: blob,
            mediaType: mediaType,
            creator: creator,
            createdAt: createdAt
        )
        self.depth = Int(depth)
        source = json["source"].flatMap { BlobRef($0) }
        graph = json["graph"].flatMap { BlobRef($0) }
        (base, previous) = (json.artifact("base"), json.artifact("previous"))
        compactedFrom = json.artifact("compacted_from")
        note = json["note"]?.stringValue
    }
}

extension TagMoveRow {
    /// Everything but the owner.
    public var json: JSONValue {
        var object: JSONObject = ["tag": .string(name), "number": .int(Int64(number)), "kind": .string(kind.rawValue)]
        object["from"] = from?.json
        object["to"] = to.json
        object["actor"] = .string(actor)
        object["at"] = .string(at.description)
        object["reason"] = reason.map { .string($0) }
        return .object(object)
    }

    init?(_ json: JSONValue, owner: String) {
        guard let name = json["tag"]?.stringValue, let number = json["number"]?.intValue,
            let kind = json["kind"]?.stringValue.flatMap(Kind.init), let to = json["to"].flatMap({ TagTarget($0) }),
            let actor = json["actor"]?.stringValue, let at = json["at"]?.time
        else { return nil }
        self.init(
            owner: owner,
            name: name,
            number: Int(number),
            kind: kind,
            from: json["from"].flatMap { TagTarget($0) },
            to: to,
            actor: actor,
            at: at,
            reason: json["reason"]?.stringValue
        )
    }
}

extension TagTarget {
    /// `{"artifact", "hash"}`.
    public var json: JSONValue { ["artifact": .string(artifact.description), "hash": .string(hash)] }

    init?(_ json: JSONValue) {
        guard let artifact = json.artifact("artifact"), let hash = json["hash"]?.stringValue else { return nil }
        self.init(artifact: artifact, hash: hash)
    }
}

extension BlobRef {
    var json: JSONValue { ["hash": .string(hash), "size": .int(Int64(size))] }

    init?(_ json: JSONValue) {
        guard let hash = json["hash"]?.stringValue, hash.utf8.count == 64,
            hash.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
            let size = json["size"]?.intValue, (0...Int64(1 << 40)).contains(size)
        else { return nil }
        self.init(hash: hash, size: Int(size))
    }
}

extension JSONValue {
    fileprivate var time: Timestamp? { stringValue.flatMap { Timestamp(rfc3339: $0) } }

    fileprivate func artifact(_ key: String) -> ArtifactID? { self[key]?.stringValue.flatMap { ArtifactID($0) } }
}
