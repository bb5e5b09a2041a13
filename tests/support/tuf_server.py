#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tuf_server.py DIR [--tls CERT KEY] [--endless NAME] [--stall NAME] [--big404] [--redirect URL]

Serves DIR on 127.0.0.1; prints the port. A NAME is a path below DIR; --redirect sends every request on."""
import argparse
import http.server
import os
import ssl
import sys
import time

p = argparse.ArgumentParser()
p.add_argument('dir')
p.add_argument('--tls', nargs=2)
p.add_argument('--endless')
p.add_argument('--stall')
p.add_argument('--status', nargs=2)
p.add_argument('--big404', action='store_true')
p.add_argument('--redirect')
a = p.parse_args()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def reply(self, status, body, **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k, v)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        name = self.path.lstrip('/')
        if a.redirect:
            return self.reply(302, b'', Location=a.redirect + self.path)
        if name == a.stall:
            self.send_response(200)
            self.send_header('Content-Length', '100')
            self.end_headers()
            self.wfile.write(b'{')
            self.wfile.flush()
            time.sleep(60)
            return
        if name == a.endless:
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            while True:
                self.wfile.write(b' ' * 65536)
        if a.status and name == a.status[0]:
            return self.reply(int(a.status[1]), b'no')
        try:
            with open(os.path.join(a.dir, name), 'rb') as f:
                body = f.read()
        except OSError:
            return self.reply(404, b'x' * (1 << 20 if a.big404 else 10))
        self.reply(200, body, ETag='"%d"' % len(body))


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass


s = Server(('127.0.0.1', 0), Handler)
if a.tls:
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(a.tls[0], a.tls[1])
    s.socket = ctx.wrap_socket(s.socket, server_side=True)
print(s.server_address[1], flush=True)
sys.stdout.close()
s.serve_forever()
