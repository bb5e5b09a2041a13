#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""taxii_server.py DIR: a TAXII 2.1 server, and a file server, on 127.0.0.1; prints its port.

/taxii2/ and /api/ are the server; /api/collections/ID/objects/ pages through DIR/objects.json, a list of
[date added, object]. What is behind /hostile/WAY/collections/ID/ is wrong in one way each. /files/NAME are
files of DIR with an ETag, /auth/NAME the same for "user:secret" or the token "t0ken" only. Each request is a
line in DIR/log. Everything else is 404."""
import base64
import hashlib
import http.server
import json
import os
import sys
import urllib.parse

top = sys.argv[1]
MEDIA = 'application/taxii+json;version=2.1'
ID = '91a7b528-80eb-42ed-a74d-c6fbd5a26116'
PAGE = 2


def error(status, title):
    return status, {'title': title, 'http_status': str(status)}


def indicator(n):
    return {'type': 'indicator', 'spec_version': '2.1', 'id': 'indicator--00000000-0000-4000-8000-%012d' % n,
            'created': '2026-01-01T00:00:00.000Z', 'modified': '2026-01-01T00:00:00.000Z',
            'pattern': "[domain-name:value = 'n%d.evil.example.net']" % n, 'pattern_type': 'stix',
            'valid_from': '2026-01-01T00:00:00Z'}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def reply(self, status, body, type=MEDIA, **headers):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', type)
        for k, v in headers.items():
            self.send_header(k.replace('_', '-'), v)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def authorized(self):
        basic = 'Basic ' + base64.b64encode(b'user:secret').decode()
        return self.headers.get('Authorization') in (basic, 'Bearer t0ken')

    def objects(self, q):
        with open(os.path.join(top, 'objects.json')) as f:
            every = [x for x in json.load(f) if x[0] > q.get('added_after', '')]
        start = int(q.get('next', '0'))
        some = every[start:start + PAGE]
        body = {'objects': [x[1] for x in some]} if some else {}
        if start + PAGE < len(every):
            body['more'] = True
            if not os.path.exists(os.path.join(top, 'by-date')):
                body['next'] = str(start + PAGE)
        extra = {'X_TAXII_Date_Added_Last': some[-1][0]} if some else {}
        self.reply(200, body, **extra)

    def hostile(self, way, q):
        n = int(q['next']) if q.get('next', '').isdigit() else 0
        page = {'objects': [indicator(n)], 'more': True}
        if way == 'endless':
            return self.reply(200, dict(page, next=str(n + 1)))
        if way == 'circle':
            return self.reply(200, dict(page, next='same'))
        if way == 'standstill':
            return self.reply(200, page, X_TAXII_Date_Added_Last='2026-01-01T00:00:00.000000Z')
        if way == 'nonext':
            return self.reply(200, page)
        if way == 'type':
            return self.reply(200, {'objects': []}, type='application/json')
        if way == 'old':
            return self.reply(200, {'objects': []}, type='application/vnd.oasis.stix+json; version=2.0')
        if way == 'redirect':
            return self.reply(302, b'', Location='http://127.0.0.1:%d/api/collections/%s/objects/' % (port, ID))
        if way == 'cut':
            return self.reply(200, json.dumps(page).encode()[:-5])
        if way == 'huge':
            self.send_response(200)
            self.send_header('Content-Type', MEDIA)
            self.end_headers()
            self.close_connection = True
            try:
                while True:
                    self.wfile.write(b' ' * 1048576)
            except OSError:
                return None
        if way == 'notlist':
            return self.reply(200, {'objects': {'a': 1}})
        if way == 'date':
            return self.reply(200, page, X_TAXII_Date_Added_Last='yesterday')
        if way == 'denied':
            return self.reply(*error(403, 'this is not \x1b[31mfor you'))
        return self.reply(*error(406, 'not acceptable'))

    def file(self, name):
        try:
            with open(os.path.join(top, os.path.basename(name)), 'rb') as f:
                body = f.read()
        except OSError:
            return self.reply(404, b'no', 'text/plain')
        tag = '"%s"' % hashlib.sha256(body).hexdigest()[:16]
        if self.headers.get('If-None-Match') == tag:
            return self.reply(304, b'', 'text/plain', ETag=tag)
        return self.reply(200, body, 'text/plain', ETag=tag)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        q = dict(urllib.parse.parse_qsl(url.query))
        with open(os.path.join(top, 'log'), 'a') as f:
            f.write('%s accept=%s\n' % (self.path, self.headers.get('Accept')))
        part = url.path.strip('/').split('/')
        if part[0] == 'files':
            return self.file(part[-1])
        if part[0] == 'auth':
            return self.file(part[-1]) if self.authorized() else self.reply(401, b'who?', 'text/plain')
        if part[0] == 'hostile':
            return self.hostile(part[1], q)
        if self.headers.get('Accept') != MEDIA:
            return self.reply(*error(406, 'the media type is ' + MEDIA))
        if part == ['taxii2']:
            return self.reply(200, {'title': 'test', 'api_roots': ['/api/']})
        if part == ['elsewhere']:
            return self.reply(200, {'title': 'test', 'api_roots': ['https://192.0.2.1/api/']})
        if part == ['api']:
            return self.reply(200, {'title': 'root', 'versions': [MEDIA], 'max_content_length': 1000000})
        if part == ['api', 'collections']:
            return self.reply(200, {'collections': [{'id': ID, 'title': 'Indicators', 'can_read': True,
                                                     'can_write': False}]})
        if part == ['api', 'collections', ID, 'objects']:
            return self.objects(q)
        return self.reply(*error(404, 'nothing here'))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args):
        pass


server = Server(('127.0.0.1', 0), Handler)
port = server.server_address[1]
print(port, flush=True)
server.serve_forever()
