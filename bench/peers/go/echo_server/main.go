// W10: Go's echo server. Go sets TCP_NODELAY by itself.
package main

import (
	"net"
	"os"
	"runtime"
)

func main() {
	runtime.GOMAXPROCS(1)
	l, e := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if e != nil {
		panic(e)
	}
	for {
		c, e := l.Accept()
		if e != nil {
			return
		}
		go func() {
			b := make([]byte, 8192)
			for {
				n, e := c.Read(b)
				if e != nil {
					c.Close()
					return
				}
				if _, e = c.Write(b[:n]); e != nil {
					c.Close()
					return
				}
			}
		}()
	}
}
