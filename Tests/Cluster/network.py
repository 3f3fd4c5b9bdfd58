"""Machines that are network namespaces on one bridge, which lies in a namespace too: nothing of it can be seen from outside,
and nothing in it can reach further."""

import os
from pathlib import Path

from service import run


class Network:
    """Machines by name, 10.203.0.N each; gone with `close`."""

    def __init__(self, names: list[str]) -> None:
        self.prefix = f"mela{os.getpid()}-"
        self.addresses = {name: f"10.203.0.{10 + index}" for index, name in enumerate(names)}
        try:
            run("ip", "netns", "add", self.prefix + "net")
            run("ip", "-n", self.prefix + "net", "link", "add", "bridge", "type", "bridge")
            run("ip", "-n", self.prefix + "net", "link", "set", "bridge", "up")
            for name, address in self.addresses.items():
                space = self.namespace(name)
                run("ip", "netns", "add", space)
                run("ip", "-n", self.prefix + "net", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", space)
                run("ip", "-n", self.prefix + "net", "link", "set", name, "master", "bridge", "up")
                run("ip", "-n", space, "link", "set", "lo", "up")
                self.add_address(name, address)
                run("ip", "-n", space, "link", "set", "eth0", "up")
        except BaseException:
            self.close()
            raise

    def namespace(self, name: str) -> str:
        return self.prefix + name

    def add_address(self, name: str, address: str) -> None:
        run("ip", "-n", self.namespace(name), "address", "add", address + "/16", "dev", "eth0")

    def cut(self, name: str) -> None:
        run("ip", "-n", self.prefix + "net", "link", "set", name, "down")

    def join(self, name: str) -> None:
        run("ip", "-n", self.prefix + "net", "link", "set", name, "up")

    def set(self, name: str, **values: int) -> None:
        """Settings of the kernel below net.ipv4."""
        for key, value in values.items():
            run("ip", "netns", "exec", self.namespace(name), "sysctl", "-q", "-w", f"net.ipv4.{key}={value}")

    def close(self) -> None:
        for space in Path("/run/netns").glob(self.prefix + "*"):
            run("ip", "netns", "delete", space.name)
