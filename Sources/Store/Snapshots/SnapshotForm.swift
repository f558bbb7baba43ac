// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Compression

/// The bytes of a state as they are kept: JSON, and packed (Zstandard) when that makes less of it.
public enum SnapshotForm {
    /// Less is not worth the time.
    private static let packedFrom = 4096
    private static let limit = 1 << 30
    /// A frame begins so (RFC 8878, section 3.1.1), and no JSON does.
    private static let magic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]

    /// What is kept of the JSON of a state, or of a part of one.
    public static func kept(_ json: [UInt8]) -> [UInt8] {
        guard json.count >= packedFrom else { return json }
        let packed = Zstandard.compress(json)
        return packed.count < json.count ? packed : json
    }

    /// The JSON of what is kept. A frame that is damaged is given as it is, which no reader takes for JSON.
    public static func json(_ kept: [UInt8]) -> [UInt8] {
        guard kept.starts(with: magic) else { return kept }
        return (try? Zstandard.decompress(kept, limit: limit)) ?? kept
    }
}
