"""How fast PyTorch and ONNX Runtime run the networks of a bundle here: milliseconds per pass (median) as JSON.

Run `python peers.py ../ensembles/default --threads 2` with training/requirements.txt and onnx, onnxscript installed.
"""

import argparse
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import geffnet
import numpy as np
import onnxruntime
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "training"))

from deterministic import network_input  # noqa: E402
from reference import Bundle  # noqa: E402


def median_milliseconds(run: Callable[[], object], passes: int) -> float:
    """The median time of a pass, after a fifth as many to warm up."""
    times = []
    for _ in range(passes + passes // 5):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(times[-passes:]), 2)


def onnx_session(network: torch.nn.Module, image: torch.Tensor, threads: int) -> onnxruntime.InferenceSession:
    model = io.BytesIO()
    torch.onnx.export(network, (image,), model, input_names=["image"], dynamo=True, verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model.getvalue(), options, providers=["CPUExecutionProvider"])


def measure(network: torch.nn.Module, size: int, threads: int, passes: int) -> dict[str, float]:
    """Each engine's time for one network; it is an error if they do not give the same logits."""
    image = torch.from_numpy(network_input(size))[None]
    session = onnx_session(network, image, threads)
    feed = {"image": image.numpy()}
    if not np.allclose(session.run(None, feed)[0], network(image).numpy(), rtol=1e-3, atol=1e-3):
        raise SystemExit("ONNX Runtime and PyTorch differ")
    times = {"onnxruntime": median_milliseconds(lambda: session.run(None, feed), passes),
             "pytorch": median_milliseconds(lambda: network(image), passes)}
    network, image = (value.to(memory_format=torch.channels_last) for value in (network, image))
    return times | {"pytorch_channels_last": median_milliseconds(lambda: network(image), passes)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--passes", type=int, default=50)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    geffnet.config.set_exportable(True)
    bundle = Bundle(options.bundle)
    answer = {"threads": options.threads, "onnxruntime": onnxruntime.__version__,
              "pytorch": torch.__version__.partition("+")[0], "ms_per_pass": {}}
    for member, network in zip(bundle.manifest["members"], bundle.networks):
        name = f"{member['architecture']}@{member['inputSize']}"
        answer["ms_per_pass"][name] = measure(network, member["inputSize"], options.threads, options.passes)
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
