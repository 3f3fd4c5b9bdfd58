"""One peer's turn, in a process of its own: checks its logits, then times passes, and prints JSON.

Run `.venv/bin/python peers.py openvino tf_efficientnet_b0 224 bf16 --threads 2 --passes 60`, once `make bench` has made the
environment and the network's files. `msPerPass` is the median. The status is 64 where the processor lacks the precision.

Each peer is set up for one image at a time as its documentation says. PyTorch comes in three ways: as it is, with channels last,
and compiled ahead of time with frozen weights, its fastest; ONNX Runtime with all its optimisations, its threads spinning between
two operators (its default); OpenVINO with the hint LATENCY, by which it takes one stream of all threads. To all, as to our engine,
subnormal numbers are zero.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from workloads import Workload

# The largest difference from PyTorch's fp32 logits, over the largest logit. Random weights magnify bf16's roundings from layer to
# layer: PyTorch and OpenVINO both differ by a fifth at B7. Logits of another network would differ by one or more.
TOLERANCES = {"fp32": 1e-3, "bf16": 0.5}

# Makes one pass and gives the logits.
Pass = Callable[[], np.ndarray]


def pytorch(workload: Workload, precision: str, layout: str = "contiguous_format") -> Pass:
    import torch

    from networks import build

    torch.set_flush_denormal(True)  # threads that start from now on inherit it
    torch.set_num_threads(workload.threads)
    network, image = (value.to(memory_format=getattr(torch, layout))
                      for value in (build(workload.architecture), torch.from_numpy(workload.image)))

    def run() -> np.ndarray:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            return network(image).float().numpy()

    return run


def pytorch_channels_last(workload: Workload, precision: str) -> Pass:
    return pytorch(workload, precision, "channels_last")


def pytorch_compiled(workload: Workload, precision: str) -> Pass:
    import torch

    torch.set_flush_denormal(True)
    torch.set_num_threads(workload.threads)
    network = torch._inductor.aoti_load_package(str(workload.stored("compiled", precision)))
    image = torch.from_numpy(workload.image).to(memory_format=torch.channels_last)

    def run() -> np.ndarray:
        with torch.inference_mode():
            return network(image).float().numpy()

    return run


def onnxruntime(workload: Workload, precision: str) -> Pass:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = workload.threads
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(workload.stored("onnx", precision), options, providers=["CPUExecutionProvider"])
    feed = {"image": workload.image}
    return lambda: session.run(None, feed)[0]


def openvino(workload: Workload, precision: str) -> Pass:
    import openvino

    network = openvino.Core().compile_model(workload.stored("onnx", precision), "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": workload.threads, "CPU_DENORMALS_OPTIMIZATION": True,
        "INFERENCE_PRECISION_HINT": {"fp32": openvino.Type.f32, "bf16": openvino.Type.bf16}[precision]})
    request = network.create_infer_request()
    feed = {"image": workload.image}
    return lambda: request.infer(feed, share_inputs=True)[0]


PEERS = {"pytorch": pytorch, "pytorch-channels-last": pytorch_channels_last, "pytorch-compiled": pytorch_compiled,
         "onnxruntime": onnxruntime, "openvino": openvino}


def check(logits: np.ndarray, workload: Workload, precision: str) -> None:
    """Ends the turn if a peer computes another network than PyTorch in fp32; NaN is another network."""
    expected = np.load(workload.stored("logits", precision))
    deviation = np.abs(logits - expected).max() / np.abs(expected).max()
    if not deviation < TOLERANCES[precision]:
        raise SystemExit(f"{workload.title}, {precision}: the logits differ from PyTorch's by {deviation:.1e} of the largest")


def time_passes(run: Pass, passes: int) -> list[float]:
    """Milliseconds of each pass, after some that warm up."""
    for _ in range(max(passes // 5, 1)):
        run()
    times = []
    for _ in range(passes):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("architecture")
    parser.add_argument("size", type=int)
    parser.add_argument("precision", choices=TOLERANCES)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--passes", type=int, required=True)
    options = parser.parse_args()
    workload = Workload(options.architecture, options.size, options.threads, options.passes)
    if options.precision == "bf16" and "avx512_bf16" not in Path("/proc/cpuinfo").read_text():
        print("this processor has no bf16", file=sys.stderr)
        sys.exit(64)
    run = PEERS[options.peer](workload, options.precision)
    check(run(), workload, options.precision)
    times = time_passes(run, options.passes)
    print(json.dumps({"ms_per_pass": statistics.median(times), "ms_lowest": min(times), "ms_highest": max(times)}))


if __name__ == "__main__":
    main()
