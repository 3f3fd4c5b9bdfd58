"""The list is worked through once, goes on where it was stopped, and only one process works on it."""

import fcntl
from dataclasses import replace
from threading import Event

import pytest

from train import queue
from train.recipe import BASELINE

from .drawn import draw_data

TINY = replace(BASELINE, sizes=((1.0, 32),), samples=8, batch=4)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(queue, "BASELINE", TINY)
    monkeypatch.setattr(queue, "CONTRASTS", ())
    monkeypatch.setattr(queue, "RECIPES", {"baseline": TINY})
    return draw_data(tmp_path / "data"), tmp_path / "work"


def states(work):
    return [(item.name, item.state) for item in queue.listed(work, [])]


def test_the_list_is_done_in_order_and_what_is_done_stays(folders, capsys):
    assert queue.run(*folders, [], Event()) == 0
    assert states(folders[1]) == [("baseline/ham", "done"), ("baseline/isic2017+uda1", "done")]
    assert (folders[1] / "report.md").exists()
    written = (folders[1] / "runs/baseline/ham/scores.csv").stat().st_mtime_ns
    assert queue.run(*folders, [], Event()) == 0
    assert (folders[1] / "runs/baseline/ham/scores.csv").stat().st_mtime_ns == written
    queue.status(folders[1])
    assert "baseline/ham                     done" in capsys.readouterr().out


def test_a_stopped_list_says_so_and_goes_on(folders):
    stop = Event()
    stop.set()
    assert queue.run(*folders, [], stop) == 130
    assert states(folders[1])[0] == ("baseline/ham", "begun")
    assert queue.run(*folders, ["baseline/ham"], Event()) == 0
    assert [state for _, state in states(folders[1])] == ["done", "waiting"]


def test_a_training_by_name_is_in_the_list_once_it_is_begun(folders):
    assert queue.run(*folders, ["baseline/all"], Event()) == 0
    assert states(folders[1])[-1] == ("baseline/all", "done")


def test_only_one_process_works_on_a_list(folders):
    folders[1].mkdir()
    with open(folders[1] / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert queue.run(*folders, [], Event()) == 1
