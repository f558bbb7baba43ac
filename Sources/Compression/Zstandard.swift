// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CZstd

/// Zstandard (RFC 8878) by libzstd.
public enum Zstandard {
    /// Why bytes cannot be unpacked.
    public enum Failure: Error, Equatable {
        /// They are no whole frame, or their checksum does not fit.
        case damaged
        /// They would come to more bytes than allowed, or do not say to how many.
        case tooLarge
    }

    /// One frame that says how many bytes it holds and has a checksum; made at level 3, at some 500 MB/s.
    public static func compress(_ bytes: [UInt8]) -> [UInt8] {
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 3)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        return [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { output, count in
            let size = bytes.withUnsafeBytes {
                ZSTD_compress2(context, output.baseAddress, output.count, $0.baseAddress, $0.count)
            }
            // Only allocation failure can make this call fail: there is room for whatever it gives.
            precondition(ZSTD_isError(size) == 0, "ZSTD_compress2 failed")
            count = size
        }
    }

    /// What one frame holds.
    ///
    /// - Parameter limit: The most bytes it may hold; more room is never taken, whatever the frame says.
    public static func decompress(_ frame: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        let size = frame.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
        guard size != baton_zstd_no_frame else { throw .damaged }
        guard size != baton_zstd_unknown_size, size <= UInt64(limit) else { throw .tooLarge }
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { output, count in
            let written = frame.withUnsafeBytes {
                ZSTD_decompress(output.baseAddress, output.count, $0.baseAddress, $0.count)
            }
            isWhole = ZSTD_isError(written) == 0 && written == Int(size)
            count = isWhole ? written : 0
        }
        guard isWhole else { throw .damaged }
        return bytes
    }
}
