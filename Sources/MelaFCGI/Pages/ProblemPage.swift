import Model

/// A problem as a page: what is wrong, what to do, and the way back to the form.
enum ProblemPage {
    /// - Parameter path: what was asked for: a patient who withdraws a consent gets other words than a doctor.
    static func page(_ problem: Problem, at path: String = "/") -> HTML {
        let isPatients = path == "/v1/withdrawals"
        let isDoubtful = isPatients && problem.code.status.code >= 500
        let home = isPatients ? "/withdraw/" : "/"
        let notice =
            isDoubtful
            ? "It is not certain whether your consent was withdrawn."
            : isPatients ? "Nothing was changed." : "Nothing was analysed. \(Words.english.text("notice"))"
        return PageFrame.page(
            title: problem.code.title, back: "Back to the form", home: home,
            main: """
                <section class="problem">
                <h1 class="problem__title">\(problem.code.title)</h1>
                \(isDoubtful ? again : words(problem))
                <a class="button" href="\(home)">Back to the form</a>
                </section>
                <p class="notice">\(notice)</p>
                """)
    }

    /// A withdrawal that the server failed at may be done all the same; only a refusal is known to have changed nothing.
    private static let again: HTML = """
        <p>The server reports an error. Send it again from the form: that does no harm, and the answer says what was done. If it fails \
        again, ask the practice that gave you the code.</p>
        """

    /// Who sees this page has no script, and a form alone can show neither a token nor a consent.
    private static func words(_ problem: Problem) -> HTML {
        switch problem.code {
        case .unauthorised:
            """
            <p>This server answers only devices that its administrator has admitted. Allow script for this page in the browser's \
            settings, then open it again: it asks for this device's token.</p>
            """
        case .consentRequired:
            """
            <p>The photo leaves the practice, so the patient must consent first, and the page records that by script. Allow script \
            for this page in the browser's settings, then open it again. Without a consent, examine the patient in the usual way.</p>
            """
        case .recordUnknown: "<p>\(problem.detail) Compare it with the slip, letter by letter.</p>"
        default: "<p>\(problem.detail)</p>"
        }
    }
}
