// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Glibc

/// The agents of a folder (`agents.dir`): every file that ends with `.md` is one.
enum AgentFiles {
    static func read(_ folder: String) throws(CommandFailure) -> [AgentRecord] {
        var records: [AgentRecord] = []
        for path in try paths(folder) {
            let text = try TextFile.bytes(path, limit: 1 << 20)
            do throws(AgentRecordError) {
                records.append(try AgentRecord(text, fileName: path))
            } catch {
                throw CommandFailure(.usage, "config.invalid", "agents.dir: \(error)")
            }
        }
        return records
    }

    /// The skills of a folder (`skills.dir`): every folder in it with a file `SKILL.md` is one.
    static func readSkills(_ folder: String) throws(CommandFailure) -> [Skill] {
        var skills: [Skill] = []
        for path in try skillPaths(folder) {
            let text = try TextFile.bytes(path, limit: 1 << 20)
            do throws(AgentRecordError) {
                skills.append(try Skill(text, fileName: path))
            } catch {
                throw CommandFailure(.usage, "config.invalid", "skills.dir: \(error)")
            }
        }
        return skills
    }

    /// The files of a folder of agents, in order.
    static func paths(_ folder: String) throws(CommandFailure) -> [String] {
        try names(folder).sorted().filter { $0.hasSuffix(".md") }.map { "\(folder)/\($0)" }
    }

    /// The files of a folder of skills, in order.
    static func skillPaths(_ folder: String) throws(CommandFailure) -> [String] {
        try names(folder, "skills.dir").sorted().filter { !$0.hasPrefix(".") }.map { "\(folder)/\($0)/SKILL.md" }
            .filter { access($0, F_OK) == 0 }
    }

    private static func names(_ folder: String, _ key: String = "agents.dir") throws(CommandFailure) -> [String] {
        guard let directory = opendir(folder) else {
            let reason = String(cString: strerror(errno))
            throw CommandFailure(.usage, "config.invalid", "\(key): \(folder) cannot be read: \(reason)")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
            )
        }
        return names
    }
}
