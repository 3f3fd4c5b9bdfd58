import Model

/// Bounds the memory of the photos that are being decoded: together they have no more pixels than one may have, and they are no more than
/// the inference threads. So several photos of phones are decoded side by side, and the largest alone. They come in as they arrive: a
/// large one is overtaken by none.
final class DecodingRoom: Sendable {
    private struct State {
        var pixels = 0
        var photos = 0
        /// Of the next that arrives, and of the next that comes in.
        var arriving = 0
        var entering = 0
    }

    private let state = Monitor(State())
    private let pixels: Int
    private let photos: Int

    /// - Parameters:
    ///   - pixels: of all photos at a time; one that has more comes in alone.
    ///   - photos: at a time, one at least.
    init(pixels: Int, photos: Int) {
        self.pixels = pixels
        self.photos = photos
    }

    /// Runs `body` as soon as there is room for a photo of so many pixels; blocks until then.
    func enter<Result, Failure: Error>(
        pixels needed: Int, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let number = state.update { state in
            state.arriving += 1
            return state.arriving - 1
        }
        state.wait { state -> Void? in
            guard state.entering == number else { return nil }
            guard state.photos == 0 || (state.photos < photos && state.pixels + needed <= pixels) else { return nil }
            state.entering += 1
            state.photos += 1
            state.pixels += needed
            return ()
        }
        defer {
            state.update { state in
                state.photos -= 1
                state.pixels -= needed
            }
        }
        return try body()
    }
}
