// Go's side of the comparison: goroutines, GOMAXPROCS=1 (W8: 2). Preemptive, with stacks: another model, for reference.
package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

func cpu() int64 {
	var ts syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 2, uintptr(unsafe.Pointer(&ts)), 0)
	return ts.Nano()
}

type T struct {
	w time.Time
	c int64
}

func nt() T { return T{time.Now(), cpu()} }
func (t T) rep(n string, ops int) {
	w := float64(time.Since(t.w).Nanoseconds())
	c := float64(cpu() - t.c)
	fmt.Printf("RES,go,%s,%d,%.3f,%.3f\n", n, ops, w/float64(ops), c/float64(ops))
}
func N(x float64) int {
	s := 1.0
	if e := os.Getenv("BENCH_SCALE"); e != "" {
		s, _ = strconv.ParseFloat(e, 64)
	}
	v := int(x * s)
	if v < 1 {
		v = 1
	}
	return v
}
func rss() int {
	b, _ := os.ReadFile("/proc/self/statm")
	v, _ := strconv.Atoi(strings.Split(string(b), " ")[1])
	return v * 4096
}

type task struct {
	ch chan int
}

func w1() {
	n := N(1e6)
	t := nt()
	s := 0
	v := make([]chan int, 1000)
	for b := 0; b < n/1000; b++ {
		for i := range v {
			c := make(chan int, 1)
			v[i] = c
			i := i
			go func() { c <- i }()
		}
		for _, c := range v {
			s += <-c
		}
	}
	t.rep("W1.spawn_join", n)
	var wg sync.WaitGroup
	t = nt()
	for b := 0; b < n/1000; b++ {
		wg.Add(1000)
		for i := 0; i < 1000; i++ {
			go func() { wg.Done() }()
		}
		wg.Wait()
	}
	t.rep("W1.spawn_join_waitgroup", n)
}
func w2(nm string, tasks, per int) {
	var wg sync.WaitGroup
	wg.Add(tasks)
	t := nt()
	for i := 0; i < tasks; i++ {
		go func() {
			for k := 0; k < per; k++ {
				runtime.Gosched()
			}
			wg.Done()
		}()
	}
	wg.Wait()
	t.rep(nm, tasks*per)
}

//go:noinline
func deep(d int) int {
	if d <= 1 {
		return 1
	}
	return 1 + deep(d-1)
}
func w3() {
	for _, d := range []int{1, 10, 100} {
		n := N(50e6)
		t := nt()
		s := 0
		for i := 0; i < n/d; i++ {
			s += deep(d)
		}
		t.rep(fmt.Sprintf("W3.depth%d", d), n)
	}
}
func w4() {
	n := N(1e6)
	r := rand.New(rand.NewSource(42))
	us := make([]int, n)
	for i := range us {
		us[i] = r.Intn(1000001)
	}
	{
		var wg sync.WaitGroup
		wg.Add(n)
		t := nt()
		for i := 0; i < n; i++ {
			d := time.Duration(us[i]) * time.Microsecond
			go func() { time.Sleep(d); wg.Done() }()
		}
		wg.Wait()
		t.rep("W4.sleep1M", n)
	}
	{
		v := make([]*time.Timer, n)
		t := nt()
		for i := range v {
			v[i] = time.AfterFunc(10*time.Second+time.Duration(us[i])*time.Microsecond, func() {})
		}
		for _, x := range v {
			x.Stop()
		}
		t.rep("W4.timer_cancel1M", n)
	}
	{
		t := nt()
		for i := 0; i < n; i++ {
			time.AfterFunc(10*time.Second, func() {}).Stop()
		}
		t.rep("W4.timer_pair", n)
	}
}
func w5() {
	n := N(1000)
	t := nt()
	res := make([]int, 1000)
	for k := 0; k < n; k++ {
		var wg sync.WaitGroup
		wg.Add(1000)
		for i := 0; i < 1000; i++ {
			i := i
			go func() { runtime.Gosched(); res[i] = i; wg.Done() }()
		}
		wg.Wait()
	}
	t.rep("W5.gather1000", n*1000)
}

var E = errors.New("x")

//go:noinline
func erv(d int) (int, error) {
	if d <= 1 {
		return 0, E
	}
	r, err := erv(d - 1)
	if err != nil {
		return 0, err
	}
	return r + 1, nil
}

//go:noinline
func thr(d int) int {
	if d <= 1 {
		panic(E)
	}
	return 1 + thr(d-1)
}
func try(d int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = E
		}
	}()
	thr(d)
	return nil
}
func w6() {
	for _, d := range []int{1, 2, 4, 8, 16, 32} {
		n := N(500e3)
		t := nt()
		for i := 0; i < n; i++ {
			try(d)
		}
		t.rep(fmt.Sprintf("W6.throw_d%d", d), n)
	}
	for _, d := range []int{1, 8, 32} {
		n := N(5e6)
		t := nt()
		for i := 0; i < n; i++ {
			erv(d)
		}
		t.rep(fmt.Sprintf("W6.err_d%d", d), n)
	}
	n := N(500e3)
	t := nt()
	for i := 0; i < n; i++ {
		c := make(chan error, 1)
		go func() { c <- try(1) }()
		<-c
	}
	t.rep("W6.task_fail", n)
	t = nt()
	for i := 0; i < n; i++ {
		c := make(chan error, 1)
		go func() { c <- E }()
		<-c
	}
	t.rep("W6.task_err_result", n)
}
func w7() {
	n := N(500e3)
	t := nt()
	cs := make([]context.CancelFunc, 1000)
	ch := make([]chan error, 1000)
	for b := 0; b < n/1000; b++ {
		for i := range cs {
			ctx, c := context.WithCancel(context.Background())
			cs[i] = c
			d := make(chan error, 1)
			ch[i] = d
			go func() { <-ctx.Done(); d <- ctx.Err() }()
		}
		runtime.Gosched()
		for _, c := range cs {
			c()
		}
		for _, d := range ch {
			<-d
		}
	}
	t.rep("W7.cancel", n)
}
func setaff(c uint) {
	var m [16]uint64
	m[0] = 1 << c
	syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, 128, uintptr(unsafe.Pointer(&m)))
}
func w8() {
	runtime.GOMAXPROCS(2)
	n := N(1e6)
	c := make(chan func(), 1024)
	t := nt()
	got := 0
	go func() {
		runtime.LockOSThread()
		for i := 0; i < n; i++ {
			c <- func() { got++ }
		}
		close(c)
	}()
	for f := range c {
		f()
	}
	t.rep("W8.post_tput", n)
	n = N(100e3)
	rq, rp := make(chan int), make(chan int)
	t = nt()
	go func() {
		runtime.LockOSThread()
		for i := 0; i < n; i++ {
			rq <- i
			<-rp
		}
		close(rq)
	}()
	runtime.LockOSThread()
	for x := range rq {
		rp <- x
	}
	runtime.UnlockOSThread()
	t.rep("W8.rtt", n)
	runtime.GOMAXPROCS(1)
}
func w9(nm string, n int) {
	c := make(chan int)
	r0 := rss()
	for i := 0; i < n; i++ {
		go func() { <-c }()
	}
	runtime.Gosched()
	time.Sleep(100 * time.Millisecond)
	b := float64(rss()-r0) / float64(n)
	fmt.Printf("RES,go,%s,%d,%.1f,%.1f\n", nm, n, b, b)
	os.Exit(0)
}
func w11() {
	for _, k := range []int{1, 100} {
		n := N(5e6)
		c := make(chan int, k)
		t := nt()
		go func() {
			for i := 0; i < n; i++ {
				c <- i
			}
			close(c)
		}()
		s := 0
		for x := range c {
			s += x
		}
		t.rep(fmt.Sprintf("W11.chan%d", k), n)
	}
}
func w12() {
	n := N(20e6)
	var m sync.Mutex
	t := nt()
	for i := 0; i < n; i++ {
		m.Lock()
		m.Unlock()
	}
	t.rep("W12.mutex_unc", n)
	n = N(1e6)
	var wg sync.WaitGroup
	wg.Add(10)
	t = nt()
	for k := 0; k < 10; k++ {
		go func() {
			for i := 0; i < n/10; i++ {
				m.Lock()
				runtime.Gosched()
				m.Unlock()
			}
			wg.Done()
		}()
	}
	wg.Wait()
	t.rep("W12.mutex_cont", n)
}
func main() {
	runtime.GOMAXPROCS(1)
	m := func(n string) bool {
		if len(os.Args) == 1 {
			return true
		}
		for _, a := range os.Args[1:] {
			if strings.HasPrefix(n, a) || strings.HasPrefix(a, n) {
				return true
			}
		}
		return false
	}
	if m("W1.") {
		w1()
	}
	if m("W2.yield2") {
		w2("W2.yield2", 2, N(5e6))
	}
	if m("W2.yield10k") {
		w2("W2.yield10k", 10000, N(1000))
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
