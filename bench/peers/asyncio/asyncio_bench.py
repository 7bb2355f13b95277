#!/usr/bin/env python3
"""asyncio's side of the comparison: asyncio_bench.py [--uvloop] [WORKLOAD...]

The same workloads as in every other program, with fewer operations.
"""
import asyncio
import os
import random
import sys
import threading
import time

use_uv = '--uvloop' in sys.argv
args = [a for a in sys.argv[1:] if not a.startswith('--')]
PEER = 'uvloop' if use_uv else 'asyncio'
if use_uv:
    import uvloop
    uvloop.install()
S = float(os.environ.get('BENCH_SCALE', '1'))
N = lambda x: max(1, int(x * S))

class T:

    def __init__(s):
        s.w = time.perf_counter_ns()
        s.c = time.process_time_ns()

    def rep(s, n, ops):
        w = time.perf_counter_ns() - s.w
        c = time.process_time_ns() - s.c
        print(f'RES,{PEER},{n},{ops},{w / ops:.3f},{c / ops:.3f}', flush=True)

def rss():
    return int(open('/proc/self/statm').read().split()[1]) * 4096

async def child(i):
    return i

async def child_yield(i):
    await asyncio.sleep(0)
    return i

async def w1():
    n = N(100000) // 1000 * 1000 or 1000
    t = T()
    s = 0
    for b in range(n // 1000):
        v = [asyncio.create_task(child(i)) for i in range(1000)]
        for x in v:
            s += await x
    t.rep('W1.spawn_join', n)

async def yl(n):
    for _ in range(n):
        await asyncio.sleep(0)

async def w2a():
    n = N(1000000)
    t = T()
    await asyncio.gather(yl(n // 2), yl(n // 2))
    t.rep('W2.yield2', n)

async def w2b():
    n = N(100)
    t = T()
    await asyncio.gather(*[yl(n) for _ in range(10000)])
    t.rep('W2.yield10k', n * 10000)

async def deep(d):
    return 1 if d <= 1 else 1 + await deep(d - 1)

def mk3(d):

    async def f():
        n = N(1000000)
        t = T()
        for _ in range(n // d):
            await deep(d)
        t.rep(f'W3.depth{d}', n)
    return f

async def w4():
    n = N(1000000)
    random.seed(42)
    us = [random.randint(0, 1000000) for _ in range(n)]
    t = T()
    await asyncio.gather(*[asyncio.sleep(u / 1000000.0) for u in us])
    t.rep('W4.sleep1M', n)
    loop = asyncio.get_running_loop()
    f = lambda: None
    t = T()
    v = [loop.call_later(10 + u / 1000000.0, f) for u in us]
    for h in v:
        h.cancel()
    t.rep('W4.timer_cancel1M', n)
    t = T()
    for _ in range(n):
        loop.call_later(10, f).cancel()
    t.rep('W4.timer_pair', n)

async def w5():
    n = N(100)
    t = T()
    for _ in range(n):
        await asyncio.gather(*[child_yield(i) for i in range(1000)])
    t.rep('W5.gather1000', n * 1000)

class Err(Exception):
    pass

async def thr(d):
    if d <= 1:
        raise Err()
    return 1 + await thr(d - 1)

async def erv(d):
    if d <= 1:
        return -1
    r = await erv(d - 1)
    return r if r < 0 else r + 1

def mk6(d, f, nm):

    async def g():
        n = N(100000)
        t = T()
        for _ in range(n):
            try:
                await f(d)
            except Err:
                pass
        t.rep(f'W6.{nm}_d{d}', n)
    return g

async def w6t():
    n = N(100000)
    t = T()
    for _ in range(n):
        x = asyncio.create_task(thr(1))
        try:
            await x
        except Err:
            pass
    t.rep('W6.task_fail', n)

async def blocked(f):
    await f

async def blocked_ev(e):
    await e.wait()

async def w7():
    n = N(100000) // 1000 * 1000 or 1000
    loop = asyncio.get_running_loop()
    t = T()
    s = 0
    for b in range(n // 1000):
        v = [asyncio.create_task(blocked(loop.create_future())) for i in range(1000)]
        await asyncio.sleep(0)
        for x in v:
            x.cancel()
        for x in v:
            try:
                await x
            except asyncio.CancelledError:
                s += 1
    assert s == n
    t.rep('W7.cancel', n)

async def w8():
    loop = asyncio.get_running_loop()
    n = N(200000)
    done = loop.create_future()
    c = 0

    def cb():
        nonlocal c
        c += 1
        if c == n:
            done.set_result(1)
    t = T()

    def th():
        for _ in range(n):
            loop.call_soon_threadsafe(cb)
    x = threading.Thread(target=th)
    x.start()
    await done
    t.rep('W8.post_tput', n)
    x.join()
    n = N(20000)
    done = loop.create_future()
    t = T()

    async def one(i):
        return i

    def th2():
        for i in range(n):
            asyncio.run_coroutine_threadsafe(one(i), loop).result()
        loop.call_soon_threadsafe(done.set_result, 1)
    x = threading.Thread(target=th2)
    x.start()
    await done
    t.rep('W8.rtt', n)
    x.join()

def mk9(n, nm):

    async def f():
        e = asyncio.Event()
        r0 = rss()
        v = [asyncio.create_task(blocked_ev(e)) for _ in range(n)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        b = (rss() - r0) / n
        print(f'RES,{PEER},{nm},{n},{b:.1f},{b:.1f}', flush=True)
        os._exit(0)
    return f

def mk11(cap):

    async def f():
        n = N(500000)
        q = asyncio.Queue(cap)

        async def p():
            for i in range(n):
                await q.put(i)

        async def c():
            s = 0
            for i in range(n):
                s += await q.get()
        t = T()
        await asyncio.gather(p(), c())
        t.rep(f'W11.chan{cap}', n)
    return f

async def w12a():
    n = N(1000000)
    m = asyncio.Lock()
    t = T()
    for i in range(n):
        async with m:
            pass
    t.rep('W12.mutex_unc', n)

async def w12b():
    n = N(200000)
    m = asyncio.Lock()

    async def w():
        for i in range(n // 10):
            async with m:
                await asyncio.sleep(0)
    t = T()
    await asyncio.gather(*[w() for _ in range(10)])
    t.rep('W12.mutex_cont', n)

WORKLOADS = (
    [('W1.spawn_join', w1), ('W2.yield2', w2a), ('W2.yield10k', w2b)]
    + [(f'W3.depth{d}', mk3(d)) for d in (1, 10, 100)]
    + [('W4', w4), ('W5.gather1000', w5)]
    + [(f'W6.throw_d{d}', mk6(d, thr, 'throw')) for d in (1, 2, 4, 8, 16, 32)]
    + [(f'W6.err_d{d}', mk6(d, erv, 'err')) for d in (1, 8, 32)]
    + [('W6.task_fail', w6t), ('W7.cancel', w7), ('W8', w8)]
    + [('W9.mem100k', mk9(100000, 'W9.mem100k')), ('W9.mem1M', mk9(1000000, 'W9.mem1M'))]
    + [('W11.chan1', mk11(1)), ('W11.chan100', mk11(100)), ('W12.mutex_unc', w12a), ('W12.mutex_cont', w12b)]
)
for name, function in WORKLOADS:
    if not args or any(name.startswith(a) for a in args):
        asyncio.run(function())
