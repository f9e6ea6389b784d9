"""Debian's nginx with the configuration that the operating guide gives, for tests.

Ports, the certificate's place and the servers behind it are put in; all else of the file stays.
"""

import datetime
import ipaddress
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.architecture.tracked_files import REPOSITORY
from tests.server_process import free_port

GIVEN = REPOSITORY / "docs/operate/files/nginx.conf"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
HOST = "127.0.0.1"

AROUND = """
user root;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Nginx:
    """One nginx before servers on these ports of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.http_port, self.https_port = free_port(), free_port()
        self.url = f"https://{HOST}:{self.https_port}"
        self.http_url = f"http://{HOST}:{self.http_port}"
        self.challenges = folder / "challenges"

    def start(self, *server_ports: int) -> None:
        """Start it, and wait until it listens."""
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        self.challenges.mkdir(parents=True)
        self._certificate()
        (self._folder / "site.conf").write_text(self._site(server_ports))
        main = self._folder / "nginx.conf"
        main.write_text(AROUND.format(folder=self._folder))
        with (self._folder / "output.log").open("wb") as output:
            self._process = subprocess.Popen(
                [binary, "-p", str(self._folder), "-c", str(main)], stdout=output, stderr=output
            )
        give_up_at = time.monotonic() + START_SECONDS
        while not self._listens():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < give_up_at, f"nginx does not listen: {self.log}"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_SECONDS)

    @property
    def log(self) -> str:
        """What it complained of."""
        files = [self._folder / name for name in ("output.log", "error.log")]
        return "\n".join(file.read_text() for file in files if file.exists())

    def trusting(self) -> ssl.SSLContext:
        """Trusts its certificate, and no other."""
        return ssl.create_default_context(cafile=str(self._folder / "cert.pem"))

    def _site(self, server_ports: tuple[int, ...]) -> str:
        """The given file for this place."""
        live = "/etc/letsencrypt/live/chat.example.com"
        example = "    server 127.0.0.1:8000 max_fails=1 fail_timeout=1s;"
        servers = [example.replace("8000", str(port)) for port in server_ports]
        site = GIVEN.read_text()
        for given, here in (
            (example, "\n".join(servers)),
            ("listen 80;", f"listen {HOST}:{self.http_port};"),
            ("listen [::]:80;", ""),
            ("listen 443 ssl http2;", f"listen {HOST}:{self.https_port} ssl http2;"),
            ("listen [::]:443 ssl http2;", ""),
            (f"{live}/fullchain.pem", f"{self._folder}/cert.pem"),
            (f"{live}/privkey.pem", f"{self._folder}/key.pem"),
            ("root /var/www/letsencrypt;", f"root {self.challenges};"),
        ):
            assert site.count(given) == 1, f"{GIVEN} has {given!r} {site.count(given)} times"
            site = site.replace(given, here)
        return site

    def _certificate(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        now = datetime.datetime.now(datetime.UTC)
        address = x509.IPAddress(ipaddress.ip_address(HOST))
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        (self._folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
        private = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self._folder / "key.pem").write_bytes(private)

    def _listens(self) -> bool:
        try:
            with socket.create_connection((HOST, self.https_port), 1):
                return True
        except OSError:
            return False


@contextmanager
def nginx_in(folder: Path) -> Iterator[Nginx]:
    """An nginx that the block starts."""
    nginx = Nginx(folder)
    try:
        yield nginx
    finally:
        nginx.stop()
