#!/usr/bin/env python3
"""W10: asyncio's echo server on streams: echo_server.py [--uvloop] PORT"""
import asyncio
import socket
import sys


async def session(reader, writer):
    writer.get_extra_info('socket').setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while data := await reader.read(8192):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def main():
    server = await asyncio.start_server(session, '127.0.0.1', int(sys.argv[-1]), backlog=4096)
    await server.serve_forever()


if '--uvloop' in sys.argv:
    import uvloop
    uvloop.install()
asyncio.run(main())
