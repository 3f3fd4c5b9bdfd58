import Checkpoints
import Model

/// A file of weights to import: a PyTorch checkpoint or safetensors, mapped.
struct WeightsFile {
    /// The last part of its path: what messages and the manifest call it.
    let name: String
    let mapping: MappedFile
    private let content: Content

    private enum Content {
        case checkpoint(Checkpoint)
        case safetensors(Safetensors)
    }

    /// - Parameter section: the key of the weights in a checkpoint that holds several.
    /// - Throws: `ImportError.checkpoint` or `.model`.
    init(path: String, section: String?) throws(ImportError) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        self.name = name
        // A shell passes a pattern on as it is where nothing matches it.
        guard !name.contains("*") else { throw .options("No file matches \(path). Check the folder and the names.") }
        do {
            mapping = try MappedFile(path: path, name: name)
        } catch {
            throw .model(error)
        }
        if Self.isSafetensors(mapping.bytes) {
            do {
                content = .safetensors(try Safetensors(mapping, name: name))
            } catch {
                throw .model(error)
            }
        } else {
            do {
                content = .checkpoint(try Checkpoint(mapping.bytes, section: section))
            } catch {
                throw .checkpoint(file: name, error)
            }
        }
    }

    /// A header's length in eight bytes, then JSON.
    private static func isSafetensors(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count > 8 && bytes[8] == UInt8(ascii: "{") && bytes[7] == 0
    }

    var names: [String] {
        switch content {
        case .checkpoint(let checkpoint): Array(checkpoint.tensors.keys)
        case .safetensors(let file): Array(file.names)
        }
    }

    func shape(of name: String) -> [Int]? {
        switch content {
        case .checkpoint(let checkpoint): checkpoint.tensors[name]?.shape
        case .safetensors(let file): file.shape(of: name)
        }
    }

    /// Row by row, as fp32.
    func values(of name: String, shape: [Int]) throws(ImportError) -> [Float] {
        switch content {
        case .checkpoint(let checkpoint):
            guard let tensor = checkpoint.tensors[name], tensor.shape == shape else { return [] }
            do { return try tensor.floats() } catch { throw .checkpoint(file: self.name, error) }
        case .safetensors(let file):
            do { return try file.values(of: name, shape: shape) } catch { throw .model(error) }
        }
    }
}
