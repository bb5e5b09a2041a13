# SPDX-License-Identifier: Apache-2.0
"""starttls_server.py CERTIFICATE KEY FIRST_PORT: one server a protocol that goes over to TLS 1.2, on
FIRST_PORT and the ones after it, in the order of TALK. Prints "ready" once they listen."""
import socket
import ssl
import sys
import threading

# What is said first, then the answer to each thing that the client says; then TLS.
TALK = [
    ("smtp", b"220 mail.example ESMTP\r\n", [b"250-mail.example\r\n250 STARTTLS\r\n", b"220 go ahead\r\n"]),
    ("imap", b"* OK IMAP4rev1 ready\r\n", [b"* CAPABILITY IMAP4rev1 STARTTLS\r\n. OK done\r\n", b". OK begin TLS\r\n"]),
    ("pop3", b"+OK POP3 ready\r\n", [b"+OK begin TLS\r\n"]),
    ("ftp", b"220 FTP ready\r\n", [b"234 AUTH TLS ok\r\n"]),
    ("postgres", b"", [b"S"]),
    ("ldap", b"", [bytes.fromhex("300c02010178070a010004000400")]),
]


def serve(listener, context, greeting, answers):
    conn, _ = listener.accept()
    try:
        conn.sendall(greeting)
        for answer in answers:
            conn.recv(4096)
            conn.sendall(answer)
        with context.wrap_socket(conn, server_side=True) as tls:
            tls.recv(16)
    except OSError:
        pass


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    threads = []
    for i, (_, greeting, answers) in enumerate(TALK):
        listener = socket.create_server(("127.0.0.1", int(sys.argv[3]) + i))
        threads.append(threading.Thread(target=serve, args=(listener, context, greeting, answers), daemon=True))
        threads[-1].start()
    print("ready", flush=True)
    for t in threads:
        t.join(5)


main()
