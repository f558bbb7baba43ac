// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// A place in JSON of ours at which a blob is named.
///
/// Values are named as `{"blob": {"hash", "size"}}`, the texts that attempts wrote as `{"log": {"hash", "size"}}`, and
/// parts of a snapshot as `{"part": {"hash", "size"}}`. What stands under `value` or `details` is not ours and names
/// nothing, whatever it looks like.
public struct BlobReference: Sendable, Hashable {
    /// What kind of blob it is; the key it stands under.
    public enum Kind: String, Sendable {
        /// A value.
        case value = "blob"
        /// What an attempt wrote; it may be removed before the event that names it.
        case log
        /// A part of a snapshot, which may name blobs itself.
        case part
    }
    /// The blob.
    public var blob: BlobRef
    /// What kind it is.
    public var kind: Kind

    /// Puts a reference together.
    public init(blob: BlobRef, kind: Kind) {
        self.blob = blob
        self.kind = kind
    }

    /// All references in a value, in the order they stand.
    public static func all(in json: JSONValue) -> [BlobReference] {
        var result: [BlobReference] = []
        collect(json, into: &result)
        return result
    }

    private static func collect(_ json: JSONValue, into result: inout [BlobReference]) {
        switch json {
        case .array(let items):
            for item in items { collect(item, into: &result) }
        case .object(let object):
            for member in object.members where member.key != "value" && member.key != "details" {
                if let kind = Kind(rawValue: member.key), let blob = BlobRef(reference: member.value) {
                    result.append(BlobReference(blob: blob, kind: kind))
                } else {
                    collect(member.value, into: &result)
                }
            }
        default: break
        }
    }
}

extension BlobRef {
    /// Reads `{"hash": "…", "size": n}`.
    fileprivate init?(reference json: JSONValue) {
        guard let hash = json["hash"]?.stringValue, hash.utf8.count == 64, let size = json["size"]?.intValue, size >= 0
        else { return nil }
        self.init(hash: hash, size: Int(size))
    }
}
