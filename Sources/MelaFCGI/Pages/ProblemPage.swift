import Model

/// A problem as a page: what is wrong, what to do, and the way back to the form.
enum ProblemPage {
    static func page(_ problem: Problem) -> HTML {
        PageFrame.page(
            title: problem.code.title, back: "Back to the form",
            main: """
                <section class="problem">
                <h1 class="problem__title">\(problem.code.title)</h1>
                <p>\(problem.detail)</p>
                <a class="button" href="/">Back to the form</a>
                </section>
                <p class="notice">Nothing was analysed. \(Analysis.notice)</p>
                """)
    }
}
