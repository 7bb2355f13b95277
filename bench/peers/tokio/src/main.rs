// Tokio's side of the comparison: current_thread runtime.
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, Mutex, Notify};

fn cpu() -> f64 {
    unsafe {
        let mut t = std::mem::zeroed::<Ts>();
        clock_gettime(2, &mut t);
        t.s as f64 * 1e9 + t.n as f64
    }
}
#[repr(C)]
struct Ts {
    s: i64,
    n: i64,
}
extern "C" {
    fn clock_gettime(c: i32, t: *mut Ts) -> i32;
    fn sched_setaffinity(p: i32, n: usize, m: *const u64) -> i32;
    fn _exit(c: i32) -> !;
}
fn pin(c: u32) {
    let m: [u64; 16] = {
        let mut a = [0; 16];
        a[0] = 1 << c;
        a
    };
    unsafe {
        sched_setaffinity(0, 128, m.as_ptr());
    }
}
struct T {
    w: Instant,
    c: f64,
}
impl T {
    fn new() -> T {
        T {
            w: Instant::now(),
            c: cpu(),
        }
    }
    fn rep(&self, n: &str, ops: f64) {
        let w = self.w.elapsed().as_nanos() as f64;
        let c = cpu() - self.c;
        println!("RES,tokio,{},{},{:.3},{:.3}", n, ops, w / ops, c / ops);
    }
}
fn nn(x: f64) -> usize {
    let s: f64 = std::env::var("BENCH_SCALE")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(1.0);
    std::cmp::max(1, (x * s) as usize)
}
fn rt() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}
fn rss() -> usize {
    let s = std::fs::read_to_string("/proc/self/statm").unwrap();
    s.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
fn sleep_us(n: usize) -> Vec<u64> {
    let mut x: u64 = 88172645463325252;
    (0..n)
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x % 1000001
        })
        .collect()
}
#[inline(never)]
async fn child(i: usize) -> usize {
    i
}
async fn child_yield(i: usize) -> usize {
    tokio::task::yield_now().await;
    i
}
// raw yield: wake immediately (does not go through tokio's defer list)
struct RawYield(bool);
impl Future for RawYield {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, c: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            Poll::Ready(())
        } else {
            self.0 = true;
            c.waker().wake_by_ref();
            Poll::Pending
        }
    }
}
fn deep(d: usize) -> Pin<Box<dyn Future<Output = usize>>> {
    Box::pin(async move {
        if d <= 1 {
            1
        } else {
            1 + deep(d - 1).await
        }
    })
}
// statically nested async fns (state machine inlined in the parent, no allocation)
macro_rules! st { ($($a:ident $b:ident),*) => { $( #[inline(never)] async fn $a(x: usize) -> usize { 1 + $b(x).await } )* } }
#[inline(never)]
async fn s1(x: usize) -> usize {
    std::hint::black_box(x)
}
st!(s2 s1, s3 s2, s4 s3, s5 s4, s6 s5, s7 s6, s8 s7, s9 s8, s10 s9);
#[derive(Debug)]
struct Err_;
fn erv(d: usize) -> Pin<Box<dyn Future<Output = Result<usize, Err_>>>> {
    Box::pin(async move {
        if d <= 1 {
            Err(Err_)
        } else {
            Ok(1 + erv(d - 1).await?)
        }
    })
}
async fn blocked(n: Arc<Notify>) -> usize {
    n.notified().await;
    0
}
fn w1() {
    let n = nn(1e6);
    let t = T::new();
    rt().block_on(async move {
        let mut s = 0;
        let mut v = Vec::with_capacity(1000);
        for _ in 0..n / 1000 {
            for i in 0..1000 {
                v.push(tokio::spawn(child(i)));
            }
            for h in v.drain(..) {
                s += h.await.unwrap();
            }
        }
        std::hint::black_box(s);
    });
    t.rep("W1.spawn_join", n as f64);
}
fn w2(name: &str, tasks: usize, per: usize, raw: bool) {
    let t = T::new();
    rt().block_on(async move {
        let mut v = Vec::new();
        for _ in 0..tasks {
            v.push(tokio::spawn(async move {
                for _ in 0..per {
                    if raw {
                        RawYield(false).await
                    } else {
                        tokio::task::yield_now().await
                    }
                }
            }));
        }
        for h in v {
            h.await.unwrap();
        }
    });
    t.rep(name, (tasks * per) as f64);
}
fn w3() {
    for d in [1, 10, 100] {
        let n = nn(10e6);
        let t = T::new();
        rt().block_on(async move {
            for _ in 0..n / d {
                std::hint::black_box(deep(d).await);
            }
        });
        t.rep(&format!("W3.depth{}", d), n as f64);
    }
    let n = nn(50e6);
    let t = T::new();
    rt().block_on(async move {
        for i in 0..n / 10 {
            std::hint::black_box(s10(i).await);
        }
    });
    t.rep("W3.depth10_static", n as f64);
}
fn w4() {
    let n = nn(1e6);
    let us = sleep_us(n);
    {
        let us = us.clone();
        let t = T::new();
        rt().block_on(async move {
            let mut v = Vec::with_capacity(n);
            for u in us {
                v.push(tokio::spawn(tokio::time::sleep(Duration::from_micros(u))));
            }
            for h in v {
                h.await.unwrap();
            }
        });
        t.rep("W4.sleep1M", n as f64);
    }
    {
        let us = us.clone();
        let t = T::new();
        rt().block_on(async move {
            let mut v = Vec::with_capacity(n);
            let w = futures_noop();
            let mut c = Context::from_waker(&w);
            for u in us {
                let mut s = Box::pin(tokio::time::sleep(Duration::from_micros(10_000_000 + u)));
                let _ = s.as_mut().poll(&mut c);
                v.push(s);
            }
            drop(v);
        });
        t.rep("W4.timer_cancel1M", n as f64);
    }
    {
        let t = T::new();
        rt().block_on(async move {
            let w = futures_noop();
            let mut c = Context::from_waker(&w);
            for _ in 0..n {
                let s = tokio::time::sleep(Duration::from_secs(10));
                tokio::pin!(s);
                let _ = s.as_mut().poll(&mut c);
            }
        });
        t.rep("W4.timer_pair", n as f64);
    }
}
struct NoopW;
impl std::task::Wake for NoopW {
    fn wake(self: Arc<Self>) {}
}
fn futures_noop() -> std::task::Waker {
    Arc::new(NoopW).into()
}
fn w5() {
    let n = nn(1000.);
    let t = T::new();
    rt().block_on(async move {
        for _ in 0..n {
            let mut v = Vec::with_capacity(1000);
            for i in 0..1000 {
                v.push(tokio::spawn(child_yield(i)));
            }
            for h in v {
                std::hint::black_box(h.await.unwrap());
            }
        }
    });
    t.rep("W5.gather1000", (n * 1000) as f64);
}
fn w6() {
    for d in [1, 8, 32] {
        let n = nn(1e6);
        let t = T::new();
        rt().block_on(async move {
            for _ in 0..n {
                let _ = std::hint::black_box(erv(d).await);
            }
        });
        t.rep(&format!("W6.err_d{}", d), n as f64);
    }
    {
        let n = nn(1e6);
        let t = T::new();
        rt().block_on(async move {
            for _ in 0..n {
                let r = tokio::spawn(async {
                    if std::hint::black_box(true) {
                        Err::<usize, Err_>(Err_)
                    } else {
                        Ok(1)
                    }
                })
                .await
                .unwrap();
                let _ = std::hint::black_box(r);
            }
        });
        t.rep("W6.task_err_result", n as f64);
    }
    std::panic::set_hook(Box::new(|_| {}));
    {
        let n = nn(100e3);
        let t = T::new();
        rt().block_on(async move {
            for _ in 0..n {
                let r = tokio::spawn(async {
                    if std::hint::black_box(true) {
                        panic!("x")
                    }
                    1usize
                })
                .await;
                let _ = std::hint::black_box(r.is_err());
            }
        });
        t.rep("W6.task_panic", n as f64);
    }
}
fn w7() {
    let n = nn(1e6);
    let t = T::new();
    rt().block_on(async move {
        let no = Arc::new(Notify::new());
        let mut v = Vec::with_capacity(1000);
        let mut s = 0;
        for _ in 0..n / 1000 {
            for _ in 0..1000 {
                v.push(tokio::spawn(blocked(no.clone())));
            }
            tokio::task::yield_now().await;
            for h in &v {
                h.abort();
            }
            for h in v.drain(..) {
                if h.await.unwrap_err().is_cancelled() {
                    s += 1;
                }
            }
        }
        assert!(s == n / 1000 * 1000);
    });
    t.rep("W7.cancel", n as f64);
}
fn w8() {
    {
        let n = nn(1e6);
        pin(0);
        let r = rt();
        let h = r.handle().clone();
        let t = T::new();
        let (tx, rx) = oneshot::channel();
        let th = std::thread::spawn(move || {
            pin(1);
            let c = Arc::new(std::sync::atomic::AtomicUsize::new(0));
            let tx = Arc::new(std::sync::Mutex::new(Some(tx)));
            for _ in 0..n {
                let c = c.clone();
                let tx = tx.clone();
                h.spawn(async move {
                    if c.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1 == n {
                        tx.lock().unwrap().take().unwrap().send(()).unwrap();
                    }
                });
            }
        });
        r.block_on(async move {
            rx.await.unwrap();
        });
        t.rep("W8.post_tput", n as f64);
        th.join().unwrap();
    }
    {
        let n = nn(100e3);
        pin(0);
        let r = rt();
        let h = r.handle().clone();
        let (tx, rx) = oneshot::channel();
        let t = T::new();
        let th = std::thread::spawn(move || {
            pin(1);
            for i in 0..n {
                let (a, b) = std::sync::mpsc::sync_channel(1);
                h.spawn(async move {
                    a.send(i).unwrap();
                });
                std::hint::black_box(b.recv().unwrap());
            }
            tx.send(()).unwrap();
        });
        r.block_on(async move {
            rx.await.unwrap();
        });
        t.rep("W8.rtt", n as f64);
        th.join().unwrap();
    }
}
fn w9(name: &str, n: usize) {
    rt().block_on(async move {
        let no = Arc::new(Notify::new());
        let mut v = Vec::with_capacity(n);
        let r0 = rss();
        for _ in 0..n {
            v.push(tokio::spawn(blocked(no.clone())));
        }
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        for _ in 0..n / 30 {
            tokio::task::yield_now().await;
        }
        let r1 = rss();
        let b = (r1 - r0) as f64 / n as f64;
        println!("RES,tokio,{},{},{:.1},{:.1}", name, n, b, b);
        unsafe { _exit(0) }
    });
}
fn w11() {
    for cap in [1, 100] {
        let n = nn(5e6);
        let t = T::new();
        rt().block_on(async move {
            let (tx, mut rx) = mpsc::channel::<usize>(cap);
            let p = tokio::spawn(async move {
                for i in 0..n {
                    tx.send(i).await.unwrap();
                }
            });
            let c = tokio::spawn(async move {
                let mut s = 0;
                for _ in 0..n {
                    s += rx.recv().await.unwrap();
                }
                s
            });
            p.await.unwrap();
            std::hint::black_box(c.await.unwrap());
        });
        t.rep(&format!("W11.chan{}", cap), n as f64);
    }
}
fn w12() {
    {
        let n = nn(10e6);
        let t = T::new();
        rt().block_on(async move {
            let m = Mutex::new(0usize);
            for i in 0..n {
                *m.lock().await += i;
            }
        });
        t.rep("W12.mutex_unc", n as f64);
    }
    {
        let n = nn(1e6);
        let t = T::new();
        rt().block_on(async move {
            let m = Arc::new(Mutex::new(0usize));
            let mut v = vec![];
            for _ in 0..10 {
                let m = m.clone();
                v.push(tokio::spawn(async move {
                    for _ in 0..n / 10 {
                        let mut g = m.lock().await;
                        *g += 1;
                        tokio::task::yield_now().await;
                        drop(g);
                    }
                }));
            }
            for h in v {
                h.await.unwrap();
            }
        });
        t.rep("W12.mutex_cont", n as f64);
    }
}
fn main() {
    let a: Vec<String> = std::env::args().skip(1).collect();
    let m = |n: &str| a.is_empty() || a.iter().any(|x| n.starts_with(x.as_str()) || x.starts_with(n));
    if m("W1.") {
        w1()
    }
    if m("W2.yield2") {
        w2("W2.yield2", 2, nn(5e6), false);
        w2("W2.yield2_rawwake", 2, nn(5e6), true);
    }
    if m("W2.yield10k") {
        w2("W2.yield10k", 10000, nn(1000.), false);
    }
    if m("W3") {
        w3()
    }
    if m("W4") {
        w4()
    }
    if m("W5") {
        w5()
    }
    if m("W6") {
        w6()
    }
    if m("W7") {
        w7()
    }
    if m("W8") {
        w8()
    }
    if m("W9.mem100k") {
        w9("W9.mem100k", 100000)
    }
    if m("W9.mem1M") {
        w9("W9.mem1M", 1000000)
    }
    if m("W11.") {
        w11()
    }
    if m("W12.") {
        w12()
    }
}
