// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON

/// The skills of this server (spec 8.7).
struct SkillRoutes: Sendable {
    let skills: APISettings.Skills

    var routes: [Route] { [list, show] }

    private var list: Route {
        let contract = Contract(
            "listSkills",
            "Skills by name.",
            .agents,
            .may(.readCatalog),
            .page("Skill")
        )
        return Route("GET", "/v1/skills", contract) { _ throws(Problem) in .page(skills.list(), next: nil) }
    }

    private var show: Route {
        let contract = Contract(
            "showSkill",
            "A skill with its instructions.",
            .agents,
            .may(.readCatalog),
            .ok(.named("Skill"))
        )
        return Route("GET", "/v1/skills/{skill}", contract) { call throws(Problem) in
            let name = call.parameter("skill")
            guard let skill = skills.show(name) else { throw .notFound("skill `\(name)`") }
            return .json(skill)
        }
    }
}
