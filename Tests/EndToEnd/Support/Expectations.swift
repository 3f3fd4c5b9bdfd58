import Foundation
import Testing

/// The answer is the problem `code` with this status, in the form that every problem has.
func expectProblem(
    _ reply: HTTPReply, _ status: Int, _ code: String, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let shown = "\(what) \(reply.status) \(reply.text.prefix(500))"
    #expect(reply.status == status, "\(shown)", sourceLocation: sourceLocation)
    #expect(reply.problem == code, "\(shown)", sourceLocation: sourceLocation)
    let json = (try? reply.json()) ?? [:]
    #expect(json["status"] as? Int == status, "\(shown)", sourceLocation: sourceLocation)
    #expect((json["detail"] as? String)?.hasSuffix(".") == true, "\(shown)", sourceLocation: sourceLocation)
    #expect((json["title"] as? String)?.isEmpty == false, "\(shown)", sourceLocation: sourceLocation)
}
