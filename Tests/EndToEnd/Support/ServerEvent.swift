/// One event of a text/event-stream.
struct ServerEvent: Sendable, Equatable {
    var name: String
    var data: String
}
