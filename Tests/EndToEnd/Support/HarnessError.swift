/// What went wrong in the harness of a test, in words. Not for what a test is about: that is an `#expect`.
struct HarnessError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
