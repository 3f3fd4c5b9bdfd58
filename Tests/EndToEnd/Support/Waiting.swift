import Foundation

enum Waiting {
    /// Seconds in which what must come about at last has done so, however busy the machine: less would be a test of it.
    static let limit = 120.0
}

/// Asks `condition` every 20 ms until it holds or `seconds` have passed; gives whether it held.
@discardableResult
func waitUntil(within seconds: Double = Waiting.limit, _ condition: () -> Bool) -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while Date() < end {
        if condition() { return true }
        usleep(20_000)
    }
    return condition()
}

/// Runs `body` `count` times at once, each on a thread of its own: it may block.
func atOnce<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) -> [Result<Value, any Error>] {
    let box = Results<Value>()
    let group = DispatchGroup()
    for index in 0..<count {
        group.enter()
        Thread {
            let result = Result { try body(index) }
            box.lock.withLock { box.values[index] = result }
            group.leave()
        }.start()
    }
    group.wait()
    return (0..<count).map { box.values[$0]! }
}

/// What each thread of `atOnce` has brought; `lock` guards it.
private final class Results<Value: Sendable>: @unchecked Sendable {
    let lock = NSLock()
    var values: [Int: Result<Value, any Error>] = [:]
}
