# SPDX-License-Identifier: Apache-2.0
"""socket_peers.py TOOL SCRATCH: connections of known processes, and what socket_tool says of them. Prints
one line "NAME: GOT" for each, where GOT is "right" or what was wrong. Run by socket_owner.t in a network
namespace of its own."""

import os
import socket
import subprocess
import sys

TOOL, SCRATCH = sys.argv[1:3]


class Tool:
    def __init__(self, *args):
        self.p = subprocess.Popen([TOOL, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.p.stdout.readline() == "ready\n"

    def ask(self, proto, client, server):
        self.p.stdin.write("%s %s %d %s %d\n" % (proto, client[0], client[1], server[0], server[1]))
        self.p.stdin.flush()
        return self.p.stdout.readline().rstrip("\n")

    def end(self):
        self.p.stdin.close()
        line = self.p.stdout.read().strip()
        self.p.wait()
        return dict((k, int(v)) for k, v in (w.split("=") for w in line.split()))


def listen(family, address):
    s = socket.socket(family)
    s.bind((address, 0))
    s.listen(4096)
    return s, s.getsockname()


tool = Tool()
tcp4, at4 = listen(socket.AF_INET, "127.0.0.1")
tcp6, at6 = listen(socket.AF_INET6, "::1")
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
atu = udp.getsockname()


def check(name, argv, proto, comm, exe, **how):
    """The process has ended when it is asked for."""
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
    if proto == "udp":
        _, peer = udp.recvfrom(4096)
        at = atu
    else:
        server, at = (tcp6, at6) if proto == "tcp6" else (tcp4, at4)
        c, peer = server.accept()
        c.close()
    p.wait()
    got = tool.ask(proto[:3], peer, at)
    w = got.split(" ")
    good = len(w) == 6 and w[0] == str(p.pid) and w[1] == str(os.getuid()) and w[2] == comm and w[3] == exe
    print("%s: %s" % (name, "right" if good else "pid %d: %s" % (p.pid, got)))


real = os.path.realpath
bash, python = real("/bin/bash"), real(sys.executable)
if os.path.exists("/usr/bin/curl"):
    curl = real("/usr/bin/curl")
    check("curl", [curl, "-s", "-m2", "http://127.0.0.1:%d/" % at4[1]], "tcp4", "curl", curl)
    check("curl over IPv6", [curl, "-s", "-m2", "http://[::1]:%d/" % at6[1]], "tcp6", "curl", curl)
if os.path.exists("/usr/bin/dig"):
    dig = real("/usr/bin/dig")
    check("dig", [dig, "+tries=1", "+time=1", "@127.0.0.1", "-p%d" % atu[1], "a.example"], "udp", "dig", dig)
check("connected UDP", [bash, "-c", "echo >/dev/udp/127.0.0.1/%d" % atu[1]], "udp", "bash", bash)
sendto = "import socket; socket.socket(socket.%s, socket.SOCK_DGRAM).sendto(b'x', ('%s', %d))"
name = os.path.basename(python)[:15]
check("sendto", [python, "-c", sendto % ("AF_INET", "127.0.0.1", atu[1])], "udp", name, python)
check("sendto, IPv4 of IPv6", [python, "-c", sendto % ("AF_INET6", "::ffff:127.0.0.1", atu[1])], "udp", name, python)
check("TCP, IPv4 of IPv6",
      [python, "-c", "import socket; socket.socket(socket.AF_INET6).connect(('::ffff:127.0.0.1', %d))" % at4[1]],
      "tcp4", name, python)
talk = "exec 3<>/dev/tcp/127.0.0.1/%d; echo >&3" % at4[1]
fd = os.memfd_create("hidden")
os.write(fd, open(bash, "rb").read())
check("a program without a file", [bash, "-c", talk], "tcp4", str(fd), "/memfd:hidden",
      executable="/proc/self/fd/%d" % fd, pass_fds=[fd])
gone = os.path.join(SCRATCH, "gone")
open(gone, "wb").write(open(bash, "rb").read())
os.chmod(gone, 0o755)
check("a program that removes itself", [gone, "-c", "rm %s; %s" % (gone, talk)], "tcp4", "gone", real(SCRATCH) + "/gone")
mounted = "mount -t tmpfs none /mnt && mkdir /mnt/x && cp /bin/bash /mnt/x/p && exec /mnt/x/p -c '%s'" % talk
check("on a file system of its own", ["unshare", "-m", bash, "-c", mounted], "tcp4", "p", "/mnt/x/p")

never = tool.ask("tcp", ("127.0.0.1", 1), at4)
print("a connection that never was: %s" % ("right" if never == "unknown" else never))

# A port that another process takes over.
share = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
share.bind(("127.0.0.1", 0))
mine = share.getsockname()
share.sendto(b"x", atu)
first = tool.ask("udp", mine, atu).split(" ")[0]
share.close()
p = subprocess.run([python, "-c", "import os, socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                    "s.bind(('127.0.0.1', %d)); s.sendto(b'x', ('127.0.0.1', %d)); print(os.getpid())"
                    % (mine[1], atu[1])], capture_output=True, text=True)
second = tool.ask("udp", mine, atu).split(" ")[0]
good = first == str(os.getpid()) and second == p.stdout.strip()
print("a port taken over at once: %s" % ("right" if good else "%s %s %s" % (first, second, p.stdout)))
c = tool.end()
print("counts: %s" % ("right" if c["noted"] >= 9 and c["missed"] == 0 and c["evicted"] == 0 else c))


def many(processes, each, table):
    """Short connections of several processes at once, each to a server of its own: no two may
    have the same port (one may have it twice: the loopback interface does not wait)."""
    t = Tool(str(table))
    servers = [listen(socket.AF_INET, "127.0.0.1") for _ in range(processes)]
    loop = ("import socket, sys\nfor i in range(%d):\n s = socket.socket(); s.connect(('127.0.0.1', int(sys.argv[1])))\n"
            " s.close()" % each)
    running = [subprocess.Popen([python, "-c", loop, str(at[1])]) for _, at in servers]
    peers = []
    for _ in range(each):
        for (server, at), p in zip(servers, running):
            conn, peer = server.accept()
            peers.append((peer, at, str(p.pid)))
            conn.close()
    for p in running:
        p.wait()
    known = wrong = 0
    for peer, at, pid in peers:
        got = t.ask("tcp", peer, at).split(" ")
        known += got[0] != "unknown"
        wrong += got[0] != "unknown" and (got[0] != pid or got[3] != python)
    return len(peers), len(set(peers)), known, wrong, t.end()


n, pairs, known, wrong, c = many(4, int(os.environ.get("MANY", "5000")), 65536)
# At least: other programs of this host are noted, too.
good = known == n and wrong == 0 and c["noted"] >= pairs and c["evicted"] == 0 and c["missed"] == 0
print("%d short connections: %s" % (n, "right" if good else "%d known, %d wrong, %s" % (known, wrong, c)))
n, pairs, known, wrong, c = many(2, 1000, 512)
good = wrong == 0 and 0 < known < n and c["noted"] >= pairs and known + c["evicted"] >= pairs
print("more than the table holds: %s" % ("right" if good else "%d of %d known, %d wrong, %s" % (known, n, wrong, c)))
