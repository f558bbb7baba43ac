// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Model

/// What is written down about a working tree when it is made; its program cannot change it.
struct TreeRecord: Equatable {
    /// The folder of the repository's commits.
    let repository: String
    /// Where objects are that the tree borrows.
    let objects: [String]
    /// The commit it was made from.
    let base: String
    /// Its branch.
    let branch: String
    /// The last commit that is in the repository.
    var delivered: String?

    init(repository: String, objects: [String], base: String, branch: String) {
        (self.repository, self.objects, self.base, self.branch) = (repository, objects, base, branch)
    }

    /// The one of the folder; `nil` when there is none.
    init?(in folder: TaskFolder) {
        guard let file = Descriptor(open(folder.record, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)),
            let bytes = file.readAll(limit: 1 << 20),
            let json = try? JSONValue(parsing: String(decoding: bytes, as: UTF8.self)),
            let repository = json.text("repository"), let base = json.text("base"), let branch = json.text("branch")
        else { return nil }
        self.init(repository: repository, objects: json.texts("objects"), base: base, branch: branch)
        delivered = json.text("delivered")
    }

    /// Writes it, wholly or not at all.
    func save(in folder: TaskFolder) throws(TaskError) {
        var json: JSONObject = [
            "repository": .string(repository), "objects": .array(objects.map { .string($0) }), "base": .string(base),
            "branch": .string(branch),
        ]
        json["delivered"] = delivered.map(JSONValue.string)
        let new = "\(folder.record).new"
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
        guard let file = Descriptor(open(new, flags, 0o600)), file.writeAll(JSONValue.object(json).bytes()),
            fsync(file.number) == 0, rename(new, folder.record) == 0
        else {
            throw .failed(
                "\(folder.record) cannot be written: \(systemError())",
                errno == ENOSPC ? .transient : .permanent
            )
        }
    }
}
