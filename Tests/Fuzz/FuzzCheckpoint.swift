/// libFuzzer's entry: a file of any bytes is read as a checkpoint, and every tensor found in it as numbers. Built by scripts/fuzz.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCheckpoint(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    guard let checkpoint = try? Checkpoint(bytes) else { return 0 }
    for tensor in checkpoint.tensors.values where tensor.count <= 100_000 { _ = try? tensor.floats() }
    return 0
}
