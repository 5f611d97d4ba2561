"""Requests share calls of a model, and nobody gets or loses anything by another's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from serving.assignment import Assigned
from serving.models.model import Answer, Asked, Description, ModelSettings
from serving.models.pyfunc import PyfuncModel
from tests.serving.models.batch_scorer import DoublingScorer, asked, predictions

Open = Callable[..., PyfuncModel]


@pytest.fixture
def scorer() -> DoublingScorer:
    return DoublingScorer()


@pytest.fixture
def opened(scorer: DoublingScorer) -> Iterator[Open]:
    models = []

    def opened(**settings: Any) -> PyfuncModel:
        given = ModelSettings(**{"batching": "on", **settings})
        models.append(PyfuncModel(Assigned("m", "1", "champion", ""), scorer, Description(), given))
        return models[-1]

    yield opened
    scorer.go_on.set()
    for model in models:
        model.close()


async def _while_busy(
    scorer: DoublingScorer, model: PyfuncModel, requests: list[Asked]
) -> tuple[Answer, list[Answer]]:
    """Ask while the model is with another call, and let that go on then."""
    first = asyncio.create_task(model.answer(asked(13)))
    await asyncio.to_thread(scorer.started.wait)
    others = [asyncio.create_task(model.answer(request)) for request in requests]
    await asyncio.sleep(0)
    scorer.go_on.set()
    return await first, await asyncio.gather(*others)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 60))


def test_a_request_that_finds_the_model_idle_is_asked_at_once_and_alone(
    scorer: DoublingScorer, opened: Open
) -> None:
    assert predictions(_run(opened().answer(asked(1, 2)))) == [2, 4]
    assert scorer.calls == [[1, 2]]


def test_requests_that_gather_while_the_model_is_busy_share_its_next_call(
    scorer: DoublingScorer, opened: Open
) -> None:
    requests = [asked(1), asked(2, 3), asked(4)]
    first, others = _run(_while_busy(scorer, opened(threads=1), requests))
    assert predictions(first) == [26]
    assert list(map(predictions, others)) == [[2], [4, 6], [8]]
    assert scorer.calls == [[13], [1, 2, 3, 4]]


def test_callers_that_were_answered_together_and_ask_again_stay_together(
    scorer: DoublingScorer, opened: Open
) -> None:
    async def caller(model: PyfuncModel, number: int) -> None:
        for _ in range(5):
            await model.answer(asked(number))

    async def work() -> None:
        model = opened()
        await asyncio.gather(*(caller(model, number) for number in range(8)))

    _run(work())
    assert scorer.calls == [list(range(8))] * 5


def test_requests_of_other_columns_or_types_or_with_params_are_not_mixed(
    scorer: DoublingScorer, opened: Open
) -> None:
    requests = [asked(1), asked("a"), asked(2), asked(3, params={"p": 1}), asked(1.5), asked(None)]
    _, others = _run(_while_busy(scorer, opened(threads=1), requests[:5]))
    assert list(map(predictions, others)) == [[2], ["aa"], [4], [6], [3.0]]
    assert sorted(map(str, scorer.calls)) == sorted(map(str, [[13], [1, 2], ["a"], [3], [1.5]]))


def test_a_request_that_fails_gets_its_own_error_and_the_others_their_answers(
    scorer: DoublingScorer, opened: Open
) -> None:
    requests = [asked(value) for value in (1, 2, -3, 4, 5, 6, 7)]
    _, others = _run(_while_busy(scorer, opened(threads=1), requests))
    assert [one.status for one in others] == [200, 200, 400, 200, 200, 200, 200]
    assert [predictions(one) for one in others if one.status == 200] == [
        [2],
        [4],
        [8],
        [10],
        [12],
        [14],
    ]


def test_where_answers_cannot_be_told_apart_each_is_asked_alone(
    scorer: DoublingScorer, opened: Open
) -> None:
    scorer.by_row = False
    _, others = _run(_while_busy(scorer, opened(threads=1), [asked(1), asked(2)]))
    assert list(map(predictions, others)) == [[2], [4]]
    assert scorer.calls == [[13], [1, 2], [1], [2]]


def test_with_batching_off_each_is_asked_alone(scorer: DoublingScorer, opened: Open) -> None:
    model = opened(batching="off", threads=1)
    _run(_while_busy(scorer, model, [asked(1), asked(2)]))
    assert scorer.calls == [[13], [1], [2]]


def test_a_request_whose_caller_is_gone_is_skipped(scorer: DoublingScorer, opened: Open) -> None:
    async def work() -> Any:
        model = opened(threads=1)
        first = asyncio.create_task(model.answer(asked(13)))
        await asyncio.to_thread(scorer.started.wait)
        gone = asyncio.create_task(model.answer(asked("gone")))
        stays = asyncio.create_task(model.answer(asked("stays")))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        scorer.go_on.set()
        await first
        return predictions(await stays)

    assert _run(work()) == ["staysstays"]
    assert scorer.calls == [[13], ["stays"]]


def test_a_caller_that_leaves_during_its_call_changes_nothing_for_others(
    scorer: DoublingScorer, opened: Open
) -> None:
    async def work() -> Any:
        model = opened(threads=1)
        first = asyncio.create_task(model.answer(asked(13)))
        await asyncio.to_thread(scorer.started.wait)
        first.cancel()
        other = asyncio.create_task(model.answer(asked(1)))
        await asyncio.sleep(0)
        scorer.go_on.set()
        return predictions(await other)

    assert _run(work()) == [2]


def test_a_call_that_hangs_does_not_hold_up_requests_that_gather_behind_it(
    scorer: DoublingScorer, opened: Open
) -> None:
    async def work() -> list[Answer]:
        model = opened(threads=2, timeout_seconds=0.0)
        hanging = asyncio.create_task(model.answer(asked(13)))
        await asyncio.to_thread(scorer.started.wait)
        others = await asyncio.gather(*(model.answer(asked(value)) for value in (1, 2)))
        assert not hanging.done()
        assert not model.stuck
        scorer.go_on.set()
        return [*others, await hanging]

    assert list(map(predictions, _run(work()))) == [[2], [4], [26]]


def test_a_model_is_stuck_when_all_its_lanes_hang(scorer: DoublingScorer, opened: Open) -> None:
    async def work() -> None:
        model = opened(threads=1, timeout_seconds=0.0)
        assert not model.stuck
        hanging = asyncio.create_task(model.answer(asked(13)))
        await asyncio.to_thread(scorer.started.wait)
        await asyncio.sleep(0.01)
        assert model.stuck
        scorer.go_on.set()
        await hanging
        assert not model.stuck

    _run(work())


def test_callers_that_leave_while_all_lanes_hang_leave_nothing_behind(
    scorer: DoublingScorer, opened: Open
) -> None:
    async def act() -> tuple[int, int]:
        model = opened(threads=1)
        hanging = asyncio.create_task(model.answer(asked(13)))
        await asyncio.to_thread(scorer.started.wait)
        for body in (asked(1), Asked(b'{"inputs": [1]}', "application/json")):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(model.answer(body), 0.05)
        batching = model._batching
        left = len(batching._jobs), len(batching._gathering)
        scorer.go_on.set()
        await hanging
        return left

    assert _run(act()) == (0, 0)


def test_a_model_that_would_end_the_process_costs_one_answer(
    scorer: DoublingScorer, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> list[int]:
        model = opened(threads=1)
        with monkeypatch.context() as broken:
            broken.setattr(scorer, "written", lambda _: exit(1))
            first = await model.answer(asked(1))
        return [first.status, (await model.answer(asked(1))).status]

    assert _run(work()) == [500, 200]


def test_many_callers_of_many_kinds_all_get_their_own(opened: Open) -> None:
    async def caller(model: PyfuncModel, number: int) -> None:
        for turn in range(20):
            value = [number * 100 + turn, f"{number}-{turn}", number + turn / 64][turn % 3]
            assert predictions(await model.answer(asked(value))) == [value * 2]

    async def work() -> None:
        model = opened(threads=3)
        await asyncio.gather(*(caller(model, number) for number in range(1, 40) if number != 13))

    _run(work())


def test_one_model_serves_one_event_loop_after_the_other(opened: Open) -> None:
    model = opened()
    assert [predictions(_run(model.answer(asked(value)))) for value in (1, 2)] == [[2], [4]]
