"""peers.py: real game servers, started headless on loopback in folders of their own.

Each peer is a context manager with `port`, `password` and `kind`; stop() and start() again keep
the port, for tests of servers that come back. A missing program skips its tests (exit code 77).
"""
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from gk import wait_for  # noqa: E402

SKIPPED = 77


def program(name):
    found = shutil.which(name) or shutil.which(f"/usr/games/{name}")
    if not found:
        print(f"skipped: {name} is not installed")
        sys.exit(SKIPPED)
    return found


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Peer:
    kind, password = None, None

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"gk-{self.kind}-"))
        self.port = free_port()
        self.process = None
        self.prepare()

    def prepare(self):
        pass

    def command(self):
        raise NotImplementedError

    def start(self):
        self.process = subprocess.Popen(
            self.command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(self.folder), **self.extra_env()})
        self.ready()

    def extra_env(self):
        return {}

    def ready(self):
        wait_for(f"{self.kind} to listen", lambda: answers(self.port))

    def stop(self, number=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def settings(self, name, **more):
        out = {"name": name, "kind": self.kind, "host": "127.0.0.1", "port": self.port, **more}
        if self.password is not None:
            out.setdefault("password", self.password)
        return out


class Teeworlds(Peer):
    kind, password = "teeworlds", "econpw"

    def prepare(self):
        (self.folder / "test.cfg").write_text(
            f"bindaddr 127.0.0.1\nsv_port {free_port(socket.SOCK_DGRAM)}\nsv_register 0\n"
            f"sv_map dm1\nec_bindaddr 127.0.0.1\nec_port {self.port}\nec_password {self.password}\n"
            "ec_auth_timeout 10\nec_output_level 2\nec_bantime 0\n")

    def command(self):
        return [program("teeworlds-server"), "-f", "test.cfg"]

    def ready(self):
        """It cannot bind a port that has old connections, and then runs on without a console."""
        for _ in range(40):
            try:
                return wait_for("teeworlds to listen", lambda: answers(self.port), 2)
            except AssertionError:
                self.stop()
                self.process = subprocess.Popen(
                    self.command(), cwd=self.folder, stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    env={**os.environ, "HOME": str(self.folder)})
        raise AssertionError("teeworlds does not listen")


class EconAdmin:
    """Another administrator of a Teeworlds server: floods everybody with its own output."""

    def __init__(self, peer):
        self.sock = wait_for("another administrator to log in", lambda: self._log_in(peer))
        self.going, self.sent = True, 0
        self.threads = [threading.Thread(target=t, daemon=True) for t in (self._talk, self._read)]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def _log_in(peer):
        """The server has four places and frees them a tick late."""
        sock = socket.create_connection(("127.0.0.1", peer.port), 5)
        try:
            sock.sendall((peer.password + "\n").encode())
            seen = b""
            while b"successful" not in seen:
                chunk = sock.recv(4096)
                if not chunk:
                    return None
                seen += chunk
            return sock
        except OSError:
            return None

    def _talk(self):
        while self.going:
            try:
                self.sock.sendall(b"echo 12345\nsv_max_clients\necho foreign\n")
            except OSError:
                return
            self.sent += 3
            time.sleep(0.005)

    def _read(self):
        while self.going:
            try:
                if not self.sock.recv(65536):
                    return
            except OSError:
                return

    def close(self):
        self.going = False
        self.sock.close()


class OpenTtd(Peer):
    kind, password = "openttd", "adminpw"

    def prepare(self):
        self.game_port = free_port()
        (self.folder / "openttd.cfg").write_text(
            '[misc]\ngraphicsset = "OpenGFX"\nsoundsset = "NoSound"\nmusicset = "NoMusic"\n'
            f"[network]\nserver_port = {self.game_port}\nserver_admin_port = {self.port}\n"
            f"admin_password = {self.password}\nserver_name = gk-test\nserver_game_type = local\n"
            "[server_bind_addresses]\n127.0.0.1 =\n[game_creation]\nmap_x = 6\nmap_y = 6\n"
            "[gui]\nautosave = off\n")

    def command(self):
        return [program("openttd"), "-D", f"127.0.0.1:{self.game_port}", "-c",
                str(self.folder / "openttd.cfg"), "-x", "-QQ"]


def empty_map():
    """A map of Quake 3 (BSP version 46) with one player's place and nothing to see or to hit."""
    lumps = [b""] * 17
    lumps[0] = (b'{\n"classname" "worldspawn"\n}\n'
                b'{\n"classname" "info_player_deathmatch"\n"origin" "0 0 0"\n}\n\0')
    lumps[1] = struct.pack("<64sii", b"none", 0, 0)                       # one shader
    lumps[2] = struct.pack("<4f4f", 1, 0, 0, 0, -1, 0, 0, 0)              # one plane, both sides
    lumps[3] = struct.pack("<9i", 0, -1, -2, *[-512] * 3, *[512] * 3)     # one node
    lumps[4] = struct.pack("<12i", 0, 0, *[-512] * 3, *[512] * 3, 0, 0, 0, 0) * 2  # its leaves
    lumps[7] = struct.pack("<6f4i", *[-512] * 3, *[512] * 3, 0, 0, 0, 0)  # the world
    head, body, start = b"IBSP" + struct.pack("<i", 46), b"", 8 + 17 * 8
    for lump in lumps:
        head += struct.pack("<2i", start + len(body), len(lump))
        body += lump + bytes(-len(lump) % 4)
    return head + body


class Quake3(Peer):
    """The engine and the game module of Debian's ioquake3-server; the data of the game is not free,
    so its map is made here."""
    kind, password = "quake3", "rconpw"
    engine = pathlib.Path("/usr/lib/ioquake3/ioq3ded")

    def prepare(self):
        if not self.engine.exists():
            print("skipped: ioquake3-server is not installed")
            sys.exit(SKIPPED)
        self.port = free_port(socket.SOCK_DGRAM)
        game = self.folder / "gk"
        (game / "maps").mkdir(parents=True)
        (game / "maps/box.bsp").write_bytes(empty_map())
        (game / "default.cfg").write_text("// made by a test\n")
        shutil.copy(self.engine.parent / "baseq3/qagamex86_64.so", game)

    def command(self):
        sets = {"com_standalone": 1, "com_basegame": "gk", "fs_basepath": self.folder,
                "fs_homepath": self.folder / "home", "dedicated": 1, "vm_game": 0, "bot_enable": 0,
                "sv_pure": 0, "net_enabled": 1, "net_ip": "127.0.0.1", "net_port": self.port,
                "rconpassword": self.password, "sv_hostname": "gk-test"}
        return [str(self.engine), *(word for key, value in sets.items()
                                    for word in ("+set", key, str(value))), "+map", "box"]

    def ready(self):
        def answers_info():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.settimeout(0.2)
                probe.sendto(b"\xff\xff\xff\xffgetinfo gk", ("127.0.0.1", self.port))
                try:
                    return b"infoResponse" in probe.recv(4096)
                except OSError:
                    return False
        wait_for("quake3 to answer", answers_info)


class TinyMux(Peer):
    kind, password = "mud", "potrzebie"

    def prepare(self):
        subprocess.run([program("tinymux-install")], cwd=self.folder, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={**os.environ, "HOME": str(self.folder)})
        self.game = next(self.folder.rglob("netmux.conf")).parent
        conf = self.game / "netmux.conf"
        lines = [line for line in conf.read_text().splitlines()
                 if line.split()[:1] not in (["port"], ["ip_address"])]
        conf.write_text("\n".join([*lines, f"port {self.port}", "ip_address 127.0.0.1"]) + "\n")

    def command(self):
        return [str(self.game / "bin/netmux"), "-c", "netmux.conf", "-p", "netmux.pid"]

    def start(self):
        self.process = subprocess.Popen(
            self.command(), cwd=self.game, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "LD_LIBRARY_PATH": str(self.game / "bin")})
        self.ready()

    def settings(self, name, **more):
        options = {"user": "wizard", **more.pop("options", {})}
        return super().settings(name, options=options, **more)


def game_state(browser, name):
    answer = browser.get(f"/api/games/{name}")
    assert answer.status == 200, answer
    return answer.json


def wait_state(browser, name, state, deadline=20):
    wait_for(f"{name} to be {state}", lambda: game_state(browser, name)["state"] == state, deadline)
    return game_state(browser, name)


def add(browser, settings):
    answer = browser.post("/api/games", settings)
    assert answer.status == 201, answer
    return answer.json


def send(browser, name, command, **more):
    return browser.post(f"/api/games/{name}/commands", {"command": command, **more})


class Luanti(Peer):
    kind = "luanti"

    def prepare(self):
        root = pathlib.Path(__file__).resolve().parent.parent.parent
        self.world = self.folder / "world"
        shutil.copytree(root / "examples/luanti/gamekeeper_link",
                        self.world / "worldmods/gamekeeper_link")
        busy = self.world / "worldmods/gk_busy"
        busy.mkdir()
        (busy / "mod.conf").write_text("name = gk_busy\n")
        (busy / "init.lua").write_text(  # A command that makes every step slow.
            "local busy = 0\nminetest.register_chatcommand('busy', {func = function(_, ms)\n"
            "  busy = tonumber(ms) or 0\n  return true, 'busy ' .. busy\nend})\n"
            "minetest.register_chatcommand('boom', {func = function() error('bang') end})\n"
            "minetest.register_globalstep(function()\n"
            "  local till = minetest.get_us_time() + busy * 1000\n"
            "  while minetest.get_us_time() < till do end\nend)\n")
        (self.world / "world.mt").write_text("gameid = devtest\nbackend = dummy\n"
                                             "player_backend = dummy\nauth_backend = files\n")
        (self.folder / "minetest.conf").write_text(
            f"bind_address = 127.0.0.1\nport = {free_port(socket.SOCK_DGRAM)}\n"
            "server_announce = false\nsecure.enable_security = true\nmg_name = singlenode\n")

    def command(self):
        return [program("minetestserver"), "--config", str(self.folder / "minetest.conf"), "--world",
                str(self.world), "--gameid", "devtest", "--logfile", str(self.folder / "log.txt")]

    def ready(self):
        wait_for("the mod to write", lambda: (self.world / "gamekeeper_link_out").exists())

    def settings(self, name, **more):
        return {"name": name, "kind": self.kind, "options": {"world": str(self.world)}, **more}
